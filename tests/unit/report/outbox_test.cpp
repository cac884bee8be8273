// SPDX-License-Identifier: MIT
#include "report/outbox.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <future>

using namespace std::chrono_literals;
using loopmon::report::outbox;

namespace {

/// Holds the outbox thread until it is let go, as a stuck journal would.
struct obstacle {
    std::promise<void> entered;
    std::promise<void> release;

    void block(outbox& box) {
        box.post([this, go = release.get_future().share()] {
            entered.set_value();
            go.wait();
        });
        entered.get_future().wait();
    }
};

} // namespace

TEST_CASE("outbox: jobs run in order, on another thread", "[report]") {
    std::vector<int> ran;
    std::thread::id where;
    {
        outbox box([](std::uint64_t) {});
        for (int i = 0; i < 100; ++i) {
            box.post([&ran, &where, i] {
                ran.push_back(i);
                where = std::this_thread::get_id();
            });
        }
    } // the end waits for them
    REQUIRE(ran.size() == 100);
    CHECK(std::is_sorted(ran.begin(), ran.end()));
    CHECK(where != std::this_thread::get_id());
}

TEST_CASE("outbox: a stuck job blocks neither posting nor, for long, settling", "[report]") {
    obstacle stuck;
    outbox box([](std::uint64_t) {});
    stuck.block(box);
    box.post([] {});
    CHECK_FALSE(box.flush(1ms));
    stuck.release.set_value();
    CHECK(box.flush(60s));
}

TEST_CASE("outbox: one that was ended is not waited for again", "[report]") {
    obstacle stuck;
    bool ran = false;
    {
        outbox box([](std::uint64_t) {});
        box.post([&ran] { ran = true; });
        REQUIRE(box.flush(60s));
        stuck.block(box);
        box.end(1ms); // lets go of what is stuck
        box.end(24h);
    }
    CHECK(ran);
    stuck.release.set_value();
}

TEST_CASE("outbox: what does not fit is dropped, counted, and reported when there is room",
          "[report]") {
    obstacle stuck;
    std::atomic<std::uint64_t> lost{0};
    std::atomic<int> ran{0};
    outbox box([&lost](std::uint64_t n) { lost += n; });
    stuck.block(box);
    for (std::size_t i = 0; i < outbox::capacity + 5; ++i) {
        box.post([&ran] { ++ran; });
    }
    stuck.release.set_value();
    REQUIRE(box.flush(60s));
    CHECK(ran == static_cast<int>(outbox::capacity));
    CHECK(lost == 5);
}

TEST_CASE("outbox: a job that throws does not end the thread", "[report]") {
    outbox box([](std::uint64_t) {});
    bool ran = false;
    box.post([] { throw std::bad_alloc(); });
    box.post([&ran] { ran = true; });
    REQUIRE(box.flush(60s));
    CHECK(ran);
}
