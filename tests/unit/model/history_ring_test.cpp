// SPDX-License-Identifier: MIT
#include "model/history_ring.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace loopmon::model;
using loopmon::model::time_point;

namespace {

constexpr time_point start{1000s};
constexpr wall_time noon{1'700'000'000s};

/// A ring that is stepped at offsets from a start.
struct stepped {
    history_ring ring;
    void at(duration offset, duration lag = 0ns, std::uint64_t active = 0,
            std::uint64_t pending = 0) {
        ring.step(start + offset, noon + std::chrono::duration_cast<wall_time::duration>(offset),
                  lag, active, pending);
    }
};

} // namespace

TEST_CASE("history_ring: a second makes an entry, a tick less makes none", "[report]") {
    stepped loop;
    loop.at(0s);
    loop.at(1s - 1ns);
    CHECK(loop.ring.list().empty());
    loop.at(1s, 3ms, 5, 7);
    const auto list = loop.ring.list();
    REQUIRE(list.size() == 1);
    CHECK(list[0].when == noon + 1s);
    CHECK(list[0].lag_max == 3ms);
    CHECK(list[0].active_tasks == 5);
    CHECK(list[0].pending == 7);
}

TEST_CASE("history_ring: the largest lag of a second counts, and no later one", "[report]") {
    stepped loop;
    loop.at(0s, 1ms);
    loop.at(300ms, 40ms);
    loop.at(600ms, 2ms);
    loop.at(1s, 3ms);
    loop.at(2s, 1ms);
    const auto list = loop.ring.list();
    REQUIRE(list.size() == 2);
    CHECK(list[0].lag_max == 40ms);
    CHECK(list[1].lag_max == 1ms);
}

TEST_CASE("history_ring: steps that are a little late neither drift nor lose a second",
          "[report]") {
    stepped loop;
    loop.at(0s);
    for (int second = 1; second <= 100; ++second) {
        loop.at(second * 1s + (second % 3) * 300ms);
    }
    CHECK(loop.ring.list().size() == 100);
}

TEST_CASE("history_ring: a late step fills no gap and has its own time", "[report]") {
    stepped loop;
    loop.at(0s);
    loop.at(1s);
    loop.at(61s, 60s);
    loop.at(62s - 1ns);
    CHECK(loop.ring.list().size() == 2);
    loop.at(62s);
    const auto list = loop.ring.list();
    REQUIRE(list.size() == 3);
    CHECK(list[1].when == noon + 61s);
    CHECK(list[1].lag_max == 60s);
    CHECK(list[2].when == noon + 62s);
    CHECK(list[2].lag_max == 0s);
}

TEST_CASE("history_ring: wall time is a label that may jump", "[report]") {
    history_ring ring;
    ring.step(start, noon, 0ns, 0, 0);
    ring.step(start + 1s, noon - 1h, 0ns, 0, 0);
    ring.step(start + 2s, noon + 24h, 0ns, 0, 0);
    REQUIRE(ring.list().size() == 2);
    CHECK(ring.list()[0].when == noon - 1h);
    CHECK(ring.list()[1].when == noon + 24h);
}

TEST_CASE("history_ring: an hour is kept, the oldest second leaves", "[report]") {
    stepped loop;
    loop.at(0s);
    for (int second = 1; second <= 3600; ++second) {
        loop.at(second * 1s);
    }
    CHECK(loop.ring.list().size() == 3600);
    CHECK(loop.ring.list().front().when == noon + 1s);
    loop.at(3601s);
    CHECK(loop.ring.list().size() == history_ring::capacity);
    CHECK(loop.ring.list().front().when == noon + 2s);
    CHECK(loop.ring.list().back().when == noon + 3601s);
}

TEST_CASE("history_ring: the last minute is the end of the hour", "[report]") {
    stepped loop;
    for (int second = 0; second <= 100; ++second) {
        loop.at(second * 1s);
    }
    const auto minute = loop.ring.list(60);
    REQUIRE(minute.size() == 60);
    CHECK(minute.front().when == noon + 41s);
    CHECK(minute.back().when == noon + 100s);
    CHECK(loop.ring.list(1000).size() == 100);
    CHECK(loop.ring.list(0).empty());
}

TEST_CASE("history_ring: what an entry cannot hold is shown as the most that it can", "[report]") {
    const auto kept = [](const history_entry& second) {
        history_ring ring;
        ring.step(start, second.when, 0ns, 0, 0);
        ring.step(start + 1s, second.when, second.lag_max, second.active_tasks, second.pending);
        return ring.list().at(0);
    };
    using ring = history_ring;
    const auto most = kept({ring::last_time, ring::max_lag, ring::max_active, ring::max_pending});
    CHECK(most.when == ring::last_time);
    CHECK(most.lag_max == ring::max_lag);
    CHECK(most.active_tasks == ring::max_active);
    CHECK(most.pending == ring::max_pending);

    const auto more = kept(
        {ring::last_time + 1ms, ring::max_lag + 1us, ring::max_active + 1, ring::max_pending + 1});
    CHECK(more.when == ring::last_time);
    CHECK(more.lag_max == ring::max_lag);
    CHECK(more.active_tasks == ring::max_active);
    CHECK(more.pending == ring::max_pending);

    const auto largest = kept({wall_time::max(), duration::max(), ~0ULL, ~0ULL});
    CHECK(largest.when == ring::last_time);
    CHECK(largest.lag_max == ring::max_lag);
    CHECK(largest.active_tasks == ring::max_active);
    CHECK(largest.pending == ring::max_pending);

    const auto less = kept(
        {ring::last_time - 1ms, ring::max_lag - 1us, ring::max_active - 1, ring::max_pending - 1});
    CHECK(less.when == ring::last_time - 1ms);
    CHECK(less.lag_max == ring::max_lag - 1us);
    CHECK(less.active_tasks == ring::max_active - 1);
    CHECK(less.pending == ring::max_pending - 1);
}

TEST_CASE("history_ring: keeps milliseconds of time and microseconds of lag", "[report]") {
    history_ring ring;
    ring.step(start, noon, 0ns, 0, 0);
    ring.step(start + 1s, noon + 1s + 2ms + 999us, 3us + 999ns, 1, 2);
    ring.step(start + 2s, wall_time(-5s), 0ns, 0, 0); // before 1970: a clock that is not set
    CHECK(ring.list().at(0).when == noon + 1s + 2ms);
    CHECK(ring.list().at(0).lag_max == 3us);
    CHECK(ring.list().at(1).when == wall_time());
}
