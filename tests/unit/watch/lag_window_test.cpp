// SPDX-License-Identifier: MIT
#include "watch/lag_window.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmon::measure::histogram;
using loopmon::watch::lag_window;

namespace {

using time_point = loopmon::judge::time_point;
constexpr time_point start{1000s};

struct windowed {
    histogram lags;
    lag_window window{start};

    void record(std::chrono::nanoseconds lag) {
        lags.record(lag);
        window.note(lag);
    }
};

} // namespace

TEST_CASE("lag_window: shows what was recorded a moment ago, before any slot is closed",
          "[watch]") {
    windowed w;
    w.record(100ms);
    const auto seen = w.window.over(start + 10ms, 1min, w.lags);
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
        w.window.step(start + second * 1s, w.lags);
    }
    // The first slot began at the start.
    CHECK(w.window.over(start + 30s, 30s, w.lags).max == 500ms);
    CHECK(w.window.over(start + 30s, 29s, w.lags).max == 1ms);
    CHECK(w.window.over(start + 30s, 10s, w.lags).samples == 10);
    CHECK(w.window.over(start + 30s, 5min, w.lags).samples == 31);
}

TEST_CASE("lag_window: windows of different length are read from one history", "[watch]") {
    windowed w;
    for (auto second = 0; second < 300; ++second) {
        w.record(second < 240 ? 10ms : 20ms);
        w.window.step(start + (second + 1) * 1s, w.lags);
    }
    const auto now = start + 300s;
    CHECK(w.window.over(now, 10s, w.lags).p50 > 19ms);
    CHECK(w.window.over(now, 5min, w.lags).p50 < 11ms);
    CHECK(w.window.over(now, 5min, w.lags).p99 > 19ms);
}

TEST_CASE("lag_window: keeps no more than the longest window", "[watch]") {
    windowed w;
    w.record(900ms);
    for (auto second = 1; second <= 400; ++second) {
        w.window.step(start + second * 1s, w.lags);
    }
    CHECK(w.window.over(start + 400s, 1h, w.lags).samples == 0);
    CHECK(w.window.over(start + 400s, 1h, w.lags).max == 0ms);
}

TEST_CASE("lag_window: no percentile exceeds the maximum", "[watch]") {
    windowed w;
    w.record(101ms);
    const auto seen = w.window.over(start, 1min, w.lags);
    CHECK(seen.p999 <= seen.max);
}
