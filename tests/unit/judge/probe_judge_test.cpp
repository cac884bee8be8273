// SPDX-License-Identifier: MIT
#include "judge/probe_judge.hpp"
#include "support/catch.hpp"
#include "unit/judge/events_of.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr duration slow = 250ms;
constexpr duration tick = 1ns;

struct probed {
    probe_judge judge{"bus", slow};
    events out;

    void answered(duration latency) {
        out.clear();
        judge.answered(latency, out);
    }
    void failed(std::string_view error) {
        out.clear();
        judge.failed(error, out);
    }
};

TEST_CASE("probe_judge: the first good answer is not reported") {
    probed bus;
    CHECK(bus.judge.state() == probe_state::unknown);
    bus.answered(slow - tick);
    CHECK(bus.judge.state() == probe_state::ok);
    CHECK(bus.out.empty());
}

TEST_CASE("probe_judge: a first answer at the slow limit is reported") {
    probed bus;
    bus.answered(slow);
    CHECK(bus.judge.state() == probe_state::slow);
    const auto events = events_of<probe_slow>(bus.out);
    REQUIRE(bus.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].probe == "bus");
    CHECK(events[0].latency == slow);
    CHECK(events[0].threshold == slow);
}

TEST_CASE("probe_judge: a first failure is reported with its reason") {
    probed bus;
    bus.failed("no owner");
    CHECK(bus.judge.state() == probe_state::failed);
    CHECK(bus.judge.error() == "no owner");
    const auto events = events_of<probe_failed>(bus.out);
    REQUIRE(bus.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].probe == "bus");
    CHECK(events[0].error == "no owner");
}

TEST_CASE("probe_judge: a state that stays is reported once") {
    probed bus;
    bus.answered(slow);
    bus.answered(2 * slow);
    CHECK(bus.out.empty());
    bus.failed("timeout");
    CHECK(bus.out.size() == 1);
    bus.failed("timeout");
    CHECK(bus.out.empty());
    bus.answered(1ms);
    CHECK(bus.out.size() == 1);
    bus.answered(1ms);
    CHECK(bus.out.empty());
}

TEST_CASE("probe_judge: another reason for the failure is reported") {
    probed bus;
    bus.failed("timeout");
    bus.failed("no owner");
    const auto events = events_of<probe_failed>(bus.out);
    REQUIRE(events.size() == 1);
    CHECK(events[0].error == "no owner");
    CHECK(bus.judge.error() == "no owner");
}

TEST_CASE("probe_judge: the return to ok is reported, from slow and from failed") {
    probed bus;
    if (GENERATE(true, false)) {
        bus.answered(slow);
    } else {
        bus.failed("timeout");
    }
    bus.answered(3ms);
    const auto events = events_of<probe_ok>(bus.out);
    REQUIRE(bus.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].probe == "bus");
    CHECK(events[0].latency == 3ms);
    CHECK(bus.judge.error().empty());
}

TEST_CASE("probe_judge: a slow answer after a failure is slow, not ok") {
    probed bus;
    bus.failed("timeout");
    bus.answered(slow);
    CHECK(events_of<probe_slow>(bus.out).size() == 1);
    CHECK(bus.out.size() == 1);
    CHECK(bus.judge.error().empty());
}

TEST_CASE("probe_judge: a new limit grades the next answer") {
    probed bus;
    bus.answered(100ms);
    bus.judge.configure(100ms);
    bus.answered(100ms);
    const auto events = events_of<probe_slow>(bus.out);
    REQUIRE(events.size() == 1);
    CHECK(events[0].threshold == 100ms);
}

} // namespace
} // namespace loopmon::judge
