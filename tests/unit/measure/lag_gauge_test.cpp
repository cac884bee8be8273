// SPDX-License-Identifier: MIT
#include "measure/lag_gauge.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <thread>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;

namespace {

constexpr lag_gauge::time_point start{1h};

// Buckets of the lags that the gauge recorded, ascending.
std::vector<std::size_t> recorded(const lag_gauge& gauge) {
    std::vector<std::size_t> result;
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
        const auto times = static_cast<std::size_t>(gauge.lags().count(bucket));
        result.insert(result.end(), times, bucket);
    }
    return result;
}

std::vector<std::size_t> buckets_of(const std::vector<nanoseconds>& values) {
    std::vector<std::size_t> result(values.size());
    std::transform(values.begin(), values.end(), result.begin(), bucket_of);
    std::sort(result.begin(), result.end());
    return result;
}

} // namespace

TEST_CASE("lag_gauge: before the first deadline there is none, and no sample") {
    lag_gauge gauge(250ms);
    CHECK(gauge.interval() == 250ms);
    CHECK_FALSE(gauge.stopped());
    CHECK_FALSE(gauge.deadline());
    CHECK(gauge.samples() == 0);
    CHECK(gauge.last().lag == 0ns);
    CHECK(gauge.take_max() == 0ns);
}

TEST_CASE("lag_gauge: a deadline is there from set to clear") {
    lag_gauge gauge(250ms);
    gauge.set_deadline(start);
    CHECK(gauge.deadline() == start);
    gauge.clear_deadline();
    CHECK_FALSE(gauge.deadline());
}

TEST_CASE("lag_gauge: a sample on time is one sample of zero") {
    lag_gauge gauge(250ms);
    gauge.complete({start, 0ns}, 250ms);
    CHECK(gauge.samples() == 1);
    CHECK(recorded(gauge) == buckets_of({0ns}));
    CHECK(gauge.last().deadline == start);
}

TEST_CASE("lag_gauge: every deadline that passed in a stall is a sample of its own") {
    // The next sample is on time: what piled up in the stall was served in no time.
    const auto [lag, samples] = GENERATE(table<nanoseconds, std::vector<nanoseconds>>({
        {100ms, {100ms}},
        {250ms, {250ms}}, // the next deadline is now: not missed yet
        {250ms + 1ns, {250ms + 1ns, 1ns}},
        {900ms, {900ms, 650ms, 400ms, 150ms}},
    }));
    CAPTURE(lag.count());
    lag_gauge gauge(250ms);
    gauge.complete({start, lag}, 250ms);
    CHECK(gauge.last().lag == lag);
    CHECK(gauge.take_max() == lag);
    CHECK(recorded(gauge) == buckets_of({lag}));
    gauge.complete({start + 10s, 0ns}, 250ms);
    auto all = samples;
    all.push_back(0ns);
    CHECK(recorded(gauge) == buckets_of(all));
    CHECK(gauge.samples() == all.size());
}

TEST_CASE("lag_gauge: in a loop that is busy all the time missed deadlines wait as long") {
    lag_gauge gauge(250ms);
    for (int i = 0; i < 10; ++i) { // each is served a second after its deadline
        gauge.complete({start + i * 1250ms, 1s}, 250ms);
    }
    CHECK(recorded(gauge) == std::vector<std::size_t>(10 + 9 * 3, bucket_of(1s)));
}

TEST_CASE(
    "lag_gauge: a deadline that is missed waits for the rest, and for its share of the next") {
    lag_gauge gauge(250ms);
    gauge.complete({start, 1s}, 250ms);
    gauge.complete({start + 1250ms, 200ms}, 250ms);
    CHECK(recorded(gauge) == buckets_of({1s, 800ms, 600ms, 400ms, 200ms}));
}

TEST_CASE("lag_gauge: missed deadlines count when there is no next sample, too") {
    const bool disregarded = GENERATE(true, false);
    lag_gauge gauge(250ms);
    gauge.complete({start, 600ms}, 250ms);
    if (disregarded) {
        gauge.exclude(start + 750ms);
        gauge.complete({start + 750ms, 10h}, 250ms);
    } else {
        gauge.clear_deadline();
    }
    CHECK(recorded(gauge) == buckets_of({600ms, 350ms, 100ms}));
    CHECK(gauge.samples() == 3);
}

TEST_CASE("lag_gauge: the deadlines of a lag of days are recorded by buckets") {
    lag_gauge gauge(1ms);
    gauge.complete({start, 240h}, 1ms);
    CHECK(gauge.last().lag == 240h);
    gauge.complete({start + 241h, 0ns}, 1ms);
    CHECK(gauge.samples() == 240ULL * 3600 * 1000 + 1);
    CHECK(gauge.lags().copy().total() == gauge.samples());
    const auto beyond = gauge.samples() - 1 - 64'000; // but for one at the edge
    CHECK(gauge.lags().count(bucket_count - 1) - beyond + 1 <= 2);
}

TEST_CASE("lag_gauge: 64 s sharp are still inside the histogram") {
    const auto beyond = GENERATE(0, 1);
    lag_gauge gauge(64s);
    gauge.complete({start, 64s + beyond * 1ns}, 64s);
    gauge.clear_deadline();
    CHECK(gauge.lags().count(bucket_count - 1) == static_cast<unsigned>(beyond));
    CHECK(gauge.samples() == 1U + static_cast<unsigned>(beyond));
}

TEST_CASE("lag_gauge: the maximum is that since it was last taken") {
    lag_gauge gauge(250ms);
    gauge.complete({start, 30ms}, 250ms);
    gauge.complete({start, 20ms}, 250ms);
    CHECK(gauge.take_max() == 30ms);
    CHECK(gauge.take_max() == 0ns);
    gauge.complete({start, 10ms}, 250ms);
    CHECK(gauge.take_max() == 10ms);
}

TEST_CASE("lag_gauge: a disregarded deadline leaves no trace, the one after it does") {
    lag_gauge gauge(250ms);
    gauge.exclude(start);
    gauge.complete({start, 10h}, 250ms);
    CHECK(gauge.samples() == 0);
    CHECK(gauge.lags().copy().total() == 0);
    CHECK(gauge.last().lag == 0ns);
    CHECK(gauge.take_max() == 0ns);
    gauge.complete({start + 250ms, 1ms}, 250ms);
    CHECK(gauge.samples() == 1);
}

TEST_CASE("lag_gauge: readers see whole samples and no maximum is lost, while one thread writes") {
    constexpr int samples = 200'000;
    lag_gauge gauge(1s);
    std::atomic<bool> done{false};
    std::thread sampler([&gauge, &done] {
        for (int i = 1; i <= samples; ++i) { // deadline and lag of a sample go together
            gauge.complete({lag_gauge::time_point(nanoseconds(i)), nanoseconds(i)}, 1s);
        }
        done = true;
    });
    int torn = 0;
    nanoseconds greatest{};
    nanoseconds largest{};
    for (bool last_look = false; !last_look;) {
        last_look = done;
        const auto last = gauge.last();
        torn += last.deadline.time_since_epoch() != last.lag;
        greatest = std::max(greatest, last.lag);
        largest = std::max(largest, gauge.take_max());
        torn += largest < last.lag; // its maximum was stored before it
    }
    sampler.join();
    CHECK(torn == 0);
    CHECK(greatest == nanoseconds(samples));
    CHECK(largest == nanoseconds(samples));
    CHECK(gauge.samples() == samples);
}
