// SPDX-License-Identifier: MIT
#include "measure/turn_lag.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;

namespace {

bucket_counts buckets_of(const std::vector<nanoseconds>& turns) {
    histogram recorded;
    for (const auto turn : turns) {
        record_turn(recorded, turn);
    }
    return recorded.copy();
}

/// By its definition: the smallest x that lag exceeds in at most the rest of the time. Lag exceeds
/// x in each turn for as long as it is longer than x.
double true_percentile(const std::vector<nanoseconds>& turns, nanoseconds elapsed,
                       double fraction) {
    const double rest = (1 - fraction) * static_cast<double>(elapsed.count());
    double low = 0;
    double high = 1e11;
    for (int i = 0; i < 100; ++i) {
        const double x = (low + high) / 2;
        double exceeded = 0;
        for (const auto turn : turns) {
            exceeded += std::max(static_cast<double>(turn.count()) - x, 0.0);
        }
        (exceeded > rest ? low : high) = x;
    }
    return high;
}

/// 2 % or 0.5 ms, the accuracy that is promised.
bool near(nanoseconds measured, double truth) {
    const double error = std::abs(static_cast<double>(measured.count()) - truth);
    return error <= std::max(0.02 * truth, 0.5e6);
}

} // namespace

TEST_CASE("turn_lag: a 500 ms stall every 3 s has percentiles 0, 200 and 470 ms") {
    // Between the stalls a loop that turns once a millisecond, for 10 us.
    std::vector<nanoseconds> turns;
    for (int second = 0; second < 60; second += 3) {
        turns.push_back(500ms);
        turns.insert(turns.end(), 2500, 10us);
    }
    const auto lag = lag_of_turns(buckets_of(turns), 60s);
    CHECK(near(lag.percentile(0.5), 0));
    CHECK(near(lag.percentile(0.9), 200e6));
    CHECK(near(lag.percentile(0.99), 470e6));
    CHECK(near(lag.percentile(1), 500e6));
}

TEST_CASE("turn_lag: counts are the microseconds that passed") {
    const auto lag = lag_of_turns(buckets_of({1ms, 30ms, 30ms, 2s}), 10s);
    const double us = 10e6;
    CHECK(std::abs(static_cast<double>(lag.total()) - us) <= 1e-3 * us);
}

TEST_CASE("turn_lag: without turns all time is without lag") {
    const auto lag = lag_of_turns({}, 3s);
    CHECK(lag.counts[0] == 3'000'000);
    CHECK(lag.total() == 3'000'000);
    CHECK(lag_of_turns({}, 0s).total() == 0);
}

TEST_CASE("turn_lag: a turn that began before the time in question leaves none without lag") {
    const auto lag = lag_of_turns(buckets_of({3s}), 1s);
    CHECK(near(lag.percentile(0.5), 1.5e9));
    CHECK(lag.counts[0] <= 1);
}

TEST_CASE("turn_lag: a turn beyond the histogram counts as its end") {
    const auto lag = lag_of_turns(buckets_of({200s}), 64s);
    CHECK(near(lag.percentile(0.5), 32e9));
    CHECK(near(lag.percentile(1), 64e9));
}

TEST_CASE("turn_lag: random schedules agree with the definition") {
    std::mt19937_64 random(20240917);
    std::uniform_real_distribution<double> fraction(0, 1);
    for (int round = 0; round < 300; ++round) {
        std::vector<nanoseconds> turns(1 + random() % 60);
        nanoseconds elapsed{};
        const double longest = std::pow(10.0, 4 + 6 * fraction(random)); // 10 us .. 10 s
        for (auto& turn : turns) {
            turn =
                nanoseconds(1 + static_cast<std::int64_t>(longest * std::pow(fraction(random), 3)));
            elapsed += turn;
        }
        elapsed += nanoseconds(
            static_cast<std::int64_t>(static_cast<double>(elapsed.count()) * 3 * fraction(random)));
        const auto lag = lag_of_turns(buckets_of(turns), elapsed);
        for (const double p : {0.5, 0.9, 0.99, 0.999}) {
            INFO("round " << round << ", percentile " << p);
            CHECK(near(lag.percentile(p), true_percentile(turns, elapsed, p)));
        }
    }
}
