// SPDX-License-Identifier: MIT
#include "watch/lag_window.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmon::measure::histogram;
using loopmon::watch::lag_window;

namespace {

using time_point = loopmon::model::time_point;
constexpr time_point start{1000s};

struct windowed {
    histogram lags;
    lag_window window{start};

    void record(std::chrono::nanoseconds lag) {
        lags.record(lag);
        window.note(lag);
    }
    [[nodiscard]] loopmon::model::lag_summary over(time_point now,
                                                   std::chrono::nanoseconds length) const {
        const auto sum = window.over(now, length, lags.copy(), 0s);
        return loopmon::watch::summarise(sum.counts, sum.max);
    }
};

} // namespace

TEST_CASE("lag_window: shows what was recorded a moment ago, before any slot is closed",
          "[watch]") {
    windowed w;
    w.record(100ms);
    const auto seen = w.over(start + 10ms, 1min);
    CHECK(seen.samples == 1);
    CHECK(seen.max == 100ms);
    CHECK(seen.p50 <= 100ms);
    CHECK(seen.p50 >= 97ms);
}

TEST_CASE("lag_window: a lag leaves the window when its slot is older than the window", "[watch]") {
    windowed w;
    w.record(500ms);
    for (auto second = 1; second <= 30; ++second) {
        w.record(1ms);
        w.window.step(start + second * 1s, w.lags.copy(), 0s);
    }
    // The first slot began at the start.
    CHECK(w.over(start + 30s, 30s).max == 500ms);
    CHECK(w.over(start + 30s, 29s).max == 1ms);
    CHECK(w.over(start + 30s, 10s).samples == 10);
    CHECK(w.over(start + 30s, 5min).samples == 31);
}

TEST_CASE("lag_window: windows of different length are read from one history", "[watch]") {
    windowed w;
    for (auto second = 0; second < 300; ++second) {
        w.record(second < 240 ? 10ms : 20ms);
        w.window.step(start + (second + 1) * 1s, w.lags.copy(), 0s);
    }
    const auto now = start + 300s;
    CHECK(w.over(now, 10s).p50 > 19ms);
    CHECK(w.over(now, 5min).p50 < 11ms);
    CHECK(w.over(now, 5min).p99 > 19ms);
}

TEST_CASE("lag_window: keeps no more than the longest window", "[watch]") {
    windowed w;
    w.record(900ms);
    for (auto second = 1; second <= 400; ++second) {
        w.window.step(start + second * 1s, w.lags.copy(), 0s);
    }
    CHECK(w.over(start + 400s, 1h).samples == 0);
    CHECK(w.over(start + 400s, 1h).max == 0ms);
}

TEST_CASE("lag_window: no percentile exceeds the maximum", "[watch]") {
    windowed w;
    w.record(101ms);
    const auto seen = w.over(start, 1min);
    CHECK(seen.p999 <= seen.max);
}

TEST_CASE("lag_window: knows how long the loop was busy, and in what time", "[watch]") {
    windowed w;
    for (auto second = 1; second <= 60; ++second) { // a quarter of each of the last 30 seconds
        const auto busy = second <= 30 ? 0s : (second - 30) * 250ms;
        w.window.step(start + second * 1s, w.lags.copy(), busy);
    }
    const auto last_ten = w.window.over(start + 60s, 10s, w.lags.copy(), 7500ms);
    CHECK(last_ten.busy == 2500ms);
    CHECK(last_ten.covered == 10s);
    const auto present = w.window.over(start + 60500ms, 40s, w.lags.copy(), 8s);
    CHECK(present.busy == 8s); // what the present slot has so far included
    CHECK(present.covered == 39500ms);
}

TEST_CASE("lag_window: of smaller units none gets lost between the slots", "[watch]") {
    histogram ns;
    lag_window in_us{start, 1000};
    for (auto second = 1; second <= 10; ++second) {
        ns.record(1ms, 1900);
        in_us.step(start + second * 1s, ns.copy(), 0s);
    }
    ns.record(1ms, 1000);
    CHECK(in_us.over(start + 10s, 1min, ns.copy(), 0s).counts.total() == 20);
}

TEST_CASE("lag_window: a copy that is older than the last one adds nothing", "[watch]") {
    histogram lags;
    lag_window window{start};
    lags.record(1ms, 10);
    window.step(start + 1s, lags.copy(), 0s);
    window.step(start + 2s, {}, 0s);
    CHECK(window.over(start + 2s, 1min, {}, 0s).counts.total() == 10);
    lags.record(1ms);
    CHECK(window.over(start + 2s, 1min, lags.copy(), 0s).counts.total() == 11);
}
