// SPDX-License-Identifier: MIT
//
// Lag by turns, on turns that are played: ticks are nanoseconds.
#include "manual_ticks.hpp"
#include "measure/turn_lag.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;
using loopmon::test::manual_ticks;

namespace {

constexpr nanoseconds day = 24h;

/// Lag that changed evenly, for some time.
struct stretch {
    nanoseconds from, to, time;
};

/// The share of the time with a lag of at most x.
double share_up_to(double x, const std::vector<stretch>& truth, nanoseconds elapsed) {
    double above = 0;
    for (const auto& [from, to, time] : truth) {
        const auto low = static_cast<double>(std::min(from, to).count());
        const auto high = static_cast<double>(std::max(from, to).count());
        const double share = high > low ? std::clamp((high - x) / (high - low), 0.0, 1.0)
                                        : static_cast<double>(high > x);
        above += share * static_cast<double>(time.count());
    }
    return 1 - above / static_cast<double>(elapsed.count());
}

double true_percentile(const std::vector<stretch>& truth, nanoseconds elapsed, double fraction) {
    double low = 0;
    double high = 1e11;
    for (int i = 0; i < 100; ++i) {
        const double x = (low + high) / 2;
        (share_up_to(x, truth, elapsed) < fraction ? low : high) = x;
    }
    return high;
}

/// 2 % or 0.5 ms, the accuracy that is promised.
bool near(nanoseconds measured, double truth) {
    const double error = std::abs(static_cast<double>(measured.count()) - truth);
    return error <= std::max(0.02 * truth, 0.5e6);
}

/// A loop whose polls take no time, but for its sleeps.
struct played_loop {
    /// As if of a great many handlers.
    void turn(nanoseconds length, const polled_batch& batch = {},
              std::uint64_t handlers = 1'000'000'000) {
        begin(batch);
        manual_ticks::advance(length);
        lag.end(ticks(), handlers);
    }
    void begin(const polled_batch& batch = {}) { lag.begin(ticks(), batch); }
    void sleep(nanoseconds length) { manual_ticks::advance(length); }

    [[nodiscard]] static std::uint64_t ticks() {
        return static_cast<std::uint64_t>(manual_ticks::now().time_since_epoch().count());
    }
    [[nodiscard]] nanoseconds elapsed() const { return manual_ticks::now() - start; }
    /// Microseconds of all the time.
    [[nodiscard]] bucket_counts all() const {
        auto [sum, open, longest] = lag.copy(manual_ticks::now());
        sum += open;
        for (auto& count : sum.counts) {
            count /= 1000;
        }
        add_time_without_lag(sum, elapsed());
        return sum;
    }
    [[nodiscard]] nanoseconds percentile(double fraction) const {
        return all().percentile(fraction);
    }

    std::chrono::steady_clock::time_point start = manual_ticks::now();
    turn_lag lag;
};

polled_batch full(int events = 128) {
    return {.events = events, .full = true, .probe_set = true};
}

/// The probe came back.
polled_batch with_probe(int before, int events, bool full) {
    return {.events = events, .full = full, .before_probe = before, .probe_set = full};
}

} // namespace

TEST_CASE("turn_lag: a 500 ms stall every 3 s has percentiles 0, 200 and 470 ms") {
    // Between the stalls a loop that turns once a millisecond, for 10 us.
    played_loop loop;
    for (int second = 0; second < 60; second += 3) {
        loop.turn(500ms);
        for (int i = 0; i < 2500; ++i) {
            loop.sleep(990us);
            loop.turn(10us);
        }
    }
    CHECK(near(loop.percentile(0.5), 0));
    CHECK(near(loop.percentile(0.9), 200e6));
    CHECK(near(loop.percentile(0.99), 470e6));
    CHECK(near(loop.percentile(1), 500e6));
}

TEST_CASE("turn_lag: a loop that is busy turn after turn makes all work wait for a whole turn") {
    played_loop loop;
    for (int i = 0; i < 1000; ++i) {
        loop.turn(10ms);
    }
    for (const double p : {0.1, 0.5, 0.9, 0.99}) {
        CHECK(near(loop.percentile(p), 10e6));
    }
}

TEST_CASE("turn_lag: of the handlers of a turn the last may be that of the work itself") {
    const auto [clients, p50, p90] = GENERATE(table<std::uint64_t, double, double>(
        {{1, 5e6, 9e6}, {2, 7.5e6, 9.5e6}, {10, 9.5e6, 9.9e6}}));
    played_loop loop;
    for (int i = 0; i < 1000; ++i) {
        loop.turn(10ms, {}, clients);
    }
    CHECK(near(loop.percentile(0.5), p50));
    CHECK(near(loop.percentile(0.9), p90));
}

TEST_CASE("turn_lag: turns of different length are each a way from one to the next") {
    played_loop loop;
    for (int i = 0; i < 1000;
         ++i) { // 10 ms..40 ms in a fifth of the time, 40 ms..10 ms in the rest
        loop.turn(10ms);
        loop.turn(40ms);
    }
    CHECK(near(loop.percentile(0.5), 25e6));
    CHECK(near(loop.percentile(0.9), 37e6));
    CHECK(near(loop.percentile(0.1), 13e6));
}

TEST_CASE("turn_lag: what follows a sleep, however short, was not waited for") {
    played_loop loop;
    for (int i = 0; i < 1000; ++i) {
        loop.turn(10ms);
        loop.sleep(60us);
    }
    CHECK(near(loop.percentile(0.5), 5e6));
    CHECK(near(loop.percentile(0.9), 9e6));
}

TEST_CASE("turn_lag: a poll that had no time to sleep did not, however long it took") {
    played_loop loop;
    for (int i = 0; i < 1000; ++i) {
        loop.turn(10ms, {.may_sleep = false});
        loop.sleep(100us); // another process ran
    }
    CHECK(near(loop.percentile(0.5), 10e6));
}

TEST_CASE("turn_lag: where the program polls now and then, work waits for the rest of the pause") {
    played_loop loop;
    for (int i = 0; i < 1000; ++i) {
        loop.turn(10ms, {.may_sleep = false}, 0);
    }
    CHECK(near(loop.percentile(0.5), 5e6));
    CHECK(near(loop.percentile(0.99), 9.9e6));
}

TEST_CASE("turn_lag: behind a full batch work waits as long as the probe") {
    // 1000 events of 1 ms each, always: a batch is full, the probe comes back with the eighth.
    played_loop loop;
    loop.turn(128ms, full());
    for (int round = 0; round < 30; ++round) {
        for (int i = 0; i < 6; ++i) {
            loop.turn(128ms, {.events = 128, .full = true});
        }
        loop.turn(127ms, with_probe(104, 127, true));
    }
    loop.turn(1ms, with_probe(0, 1, false));
    CHECK(near(loop.percentile(0.5), 999e6));
    CHECK(near(loop.percentile(0.9), 999e6));
}

TEST_CASE("turn_lag: a probe that comes back in a batch that is not full ends the backlog") {
    played_loop loop;
    loop.turn(100ms, full());                     // what arrives at its begin waits 150 ms ...
    loop.turn(100ms, with_probe(50, 100, false)); // ... and at its end 100 ms
    loop.sleep(1s);
    loop.begin();
    CHECK(nanoseconds(loop.lag.copy(manual_ticks::now()).settled.total()) == 200ms);
    const std::vector<stretch> truth{{150ms, 100ms, 100ms}, {100ms, 0ms, 100ms}};
    for (const double p : {0.5, 0.9, 0.99}) {
        CHECK(near(loop.percentile(p), true_percentile(truth, loop.elapsed(), p)));
    }
}

TEST_CASE("turn_lag: the longest lag is the probe's, and else that of the turn") {
    manual_ticks::advance(1h);
    turn_lag lag;
    const auto turn = [&lag](nanoseconds length, const polled_batch& batch) {
        lag.begin(played_loop::ticks(), batch);
        manual_ticks::advance(length);
        return lag.end(played_loop::ticks(), 100);
    };
    CHECK(turn(20ms, {}) == 20ms);
    CHECK(turn(100ms, full()) == 100ms);
    CHECK(turn(100ms, {.events = 128, .full = true}) == 100ms);
    CHECK(turn(100ms, with_probe(50, 100, false)) == 250ms);
    CHECK(turn(30ms, {}) == 30ms);
}

TEST_CASE("turn_lag: a probe that got lost holds nothing up") {
    played_loop loop;
    loop.turn(100ms, full());
    loop.turn(10ms); // the list was empty, and it was not there
    for (int i = 0; i < 100; ++i) {
        loop.turn(10ms);
    }
    CHECK(near(loop.percentile(0.5), 10e6));
    CHECK(nanoseconds(loop.lag.copy(manual_ticks::now() + 1s).settled.total()) > 900ms);
}

TEST_CASE("turn_lag: counts are the microseconds that passed") {
    played_loop loop;
    for (const auto length : {1ms, 30ms, 30ms, 2000ms}) {
        loop.turn(length);
        loop.sleep(1s);
        loop.turn(length);
    }
    loop.sleep(3s);
    const auto us = static_cast<double>(loop.elapsed().count()) / 1e3;
    CHECK(std::abs(static_cast<double>(loop.all().total()) - us) <= 1e-3 * us);
}

TEST_CASE("turn_lag: without turns all time is without lag") {
    played_loop loop;
    loop.sleep(3s);
    CHECK(loop.all().counts[0] == 3'000'000);
    CHECK(loop.all().total() == 3'000'000);
}

TEST_CASE("turn_lag: a turn that began before the time in question leaves none without lag") {
    played_loop loop;
    loop.turn(3s);
    loop.start = manual_ticks::now() - 1s;
    CHECK(near(loop.percentile(0.5), 1.5e9));
    CHECK(loop.all().counts[0] <= 1);
}

TEST_CASE("turn_lag: a turn beyond the histogram counts as its end") {
    played_loop loop;
    loop.turn(200s);
    CHECK(near(loop.percentile(0.1), 20e9));
    CHECK(near(loop.percentile(1), 64e9));
}

TEST_CASE("turn_lag: a turn that grows counts as if it ended now, as do those before it") {
    played_loop loop;
    loop.sleep(1s);
    loop.turn(10ms);
    loop.begin();
    loop.sleep(990ms);
    const std::vector<stretch> truth{{10ms, 990ms, 10ms}, {990ms, 0ms, 990ms}};
    for (const double p : {0.5, 0.6, 0.9, 0.99}) {
        CHECK(near(loop.percentile(p), true_percentile(truth, loop.elapsed(), p)));
    }
    CHECK(loop.lag.copy(manual_ticks::now()).longest_open == 990ms);
}

TEST_CASE("turn_lag: the list that a probe waits in grows as a turn does") {
    played_loop loop;
    loop.turn(100ms, full());
    loop.turn(100ms, {.events = 128, .full = true});
    loop.begin({.events = 128, .full = true});
    loop.sleep(50ms);
    CHECK(loop.lag.copy(manual_ticks::now()).longest_open == 250ms);
    CHECK(near(loop.percentile(0.5), 125e6));
}

TEST_CASE("turn_lag: what a sleeping loop left open is settled while it sleeps, and only once") {
    played_loop loop;
    loop.turn(400ms);
    const auto ended = manual_ticks::now();
    CHECK(loop.lag.copy(ended + 1ms).settled.total() == 0);
    CHECK(nanoseconds(loop.lag.copy(ended + 1ms).open.total()) == 400ms);
    const auto asleep = loop.lag.copy(ended + 1s);
    CHECK(nanoseconds(asleep.settled.total()) == 400ms);
    CHECK(asleep.open.total() == 0);
    manual_ticks::advance(2s);
    loop.begin();
    CHECK(loop.lag.copy(manual_ticks::now()).settled.counts == asleep.settled.counts);
}

TEST_CASE("turn_lag: a turn that does not count leaves no trace, nor does what was open") {
    played_loop loop;
    loop.turn(10ms);
    loop.begin();
    loop.sleep(1h);
    loop.lag.skip(played_loop::ticks());
    loop.turn(10ms);
    CHECK(nanoseconds(loop.lag.copy(manual_ticks::now() + day).settled.total()) == 10ms);
}

TEST_CASE("turn_lag: random schedules agree with the definition") {
    std::mt19937_64 random(20240917);
    std::uniform_real_distribution<double> fraction(0, 1);
    for (int round = 0; round < 300; ++round) {
        played_loop loop;
        std::vector<stretch> truth;
        const double longest = std::pow(10.0, 4 + 6 * fraction(random)); // 10 us .. 10 s
        const double sleepy = fraction(random);
        nanoseconds before{};
        for (auto left = 1 + random() % 60; left > 0; --left) {
            const nanoseconds length(
                1 + static_cast<std::int64_t>(longest * std::pow(fraction(random), 3)));
            if (fraction(random) < sleepy) {
                truth.push_back({before, 0ns, before});
                loop.sleep(
                    nanoseconds(100'000 + static_cast<std::int64_t>(longest * fraction(random))));
            } else {
                truth.push_back({before, length, before});
            }
            loop.turn(length);
            before = length;
        }
        truth.push_back({before, 0ns, before});
        for (const double p : {0.5, 0.9, 0.99, 0.999}) {
            INFO("round " << round << ", percentile " << p);
            CHECK(near(loop.percentile(p), true_percentile(truth, loop.elapsed(), p)));
        }
    }
}
