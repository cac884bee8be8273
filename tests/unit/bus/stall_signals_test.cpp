// SPDX-License-Identifier: MIT
#include "bus/stall_signals.hpp"

#include "support/catch.hpp"

#include <string>

using namespace std::chrono_literals;
using namespace loopmon::bus;

namespace {

/// Receives the signals, unless there is no bus.
struct listener {
    stall_signals signals;
    std::string heard;
    bool deaf = false;

    std::string signalled(const std::vector<stall_status>& stalls) {
        heard.clear();
        const auto hear = [this](char what) {
            return [this, what](const stall_status& stall) {
                if (!deaf) {
                    heard += what + std::to_string(stall.id);
                }
                return !deaf;
            };
        };
        signals.update(stalls, hear('+'), hear('-'));
        return heard;
    }
};

stall_status on(std::uint64_t id) {
    return {.id = id, .ongoing = true};
}
stall_status over(std::uint64_t id) {
    return {.id = id, .ongoing = false};
}

} // namespace

TEST_CASE("stall_signals: a stall is signalled when it begins, and when it ends, once",
          "[report]") {
    listener all;
    CHECK(all.signalled({}).empty());
    CHECK(all.signalled({on(1)}) == "+1");
    CHECK(all.signals.awaits_end());
    CHECK(all.signalled({on(1)}).empty());
    CHECK(all.signalled({over(1)}) == "-1");
    CHECK_FALSE(all.signals.awaits_end());
    CHECK(all.signalled({over(1)}).empty());
    CHECK(all.signalled({over(1), on(2)}) == "+2");
    CHECK(all.signalled({over(1), over(2), on(3)}) == "-2+3");
}

TEST_CASE("stall_signals: stalls that came and went between two looks are signalled in full",
          "[report]") {
    listener all;
    CHECK(all.signalled({over(1), over(2), on(3)}) == "+1-1+2-2+3");
    CHECK(all.signalled({over(2), over(3), over(4)}) == "-3+4-4");
}

TEST_CASE("stall_signals: what could not be sent is sent later, and nothing twice", "[report]") {
    listener all;
    all.deaf = true;
    CHECK(all.signalled({on(1)}).empty());
    all.deaf = false;
    CHECK(all.signalled({on(1)}) == "+1");
    all.deaf = true;
    CHECK(all.signalled({over(1), over(2)}).empty());
    CHECK(all.signals.awaits_end());
    all.deaf = false;
    CHECK(all.signalled({over(1), over(2)}) == "-1+2-2");
    CHECK(all.signalled({over(1), over(2)}).empty());
}

TEST_CASE("stall_signals: sending that fails half way goes on where it stopped", "[report]") {
    stall_signals signals;
    std::string heard;
    int left = 0;
    const auto hear = [&](char what) {
        return [&heard, &left, what](const stall_status& stall) {
            if (left == 0) {
                return false;
            }
            --left;
            heard += what + std::to_string(stall.id);
            return true;
        };
    };
    const std::vector stalls = {over(1), over(2), on(3)};
    for (int call = 0; call < 10; ++call) {
        left = 1;
        signals.update(stalls, hear('+'), hear('-'));
    }
    CHECK(heard == "+1-1+2-2+3");
}

TEST_CASE("stall_signals: one that left the list while it was open has its end signalled",
          "[report]") {
    listener all;
    CHECK(all.signalled({on(1)}) == "+1");
    CHECK(all.signalled({over(70), over(71)}) == "-1+70-70+71-71");
}

TEST_CASE("stall_signals: the end is signalled as it is known then", "[report]") {
    stall_signals signals;
    std::optional<stall_status> seen;
    const auto sent = [](const stall_status&) { return true; };
    const auto keep = [&seen](const stall_status& stall) {
        seen = stall;
        return true;
    };
    signals.update(std::vector{on(1)}, sent, keep);
    CHECK_FALSE(seen);
    auto end = over(1);
    end.lasted = 3s;
    end.cause = loopmon::model::cause::io;
    signals.update(std::vector{end}, sent, keep);
    REQUIRE(seen);
    CHECK(seen->lasted == 3s);
    CHECK(seen->cause == loopmon::model::cause::io);
}
