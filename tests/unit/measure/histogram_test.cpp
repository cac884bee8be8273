// SPDX-License-Identifier: MIT
#include "measure/histogram.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t last_bucket = bucket_count - 1;

bucket_counts counted(const std::vector<nanoseconds>& values) {
    bucket_counts result;
    for (const auto value : values) {
        ++result.counts[bucket_of(value)];
    }
    return result;
}

nanoseconds exact_percentile(std::vector<nanoseconds> values, double fraction) {
    std::sort(values.begin(), values.end());
    const auto rank = std::ceil(fraction * static_cast<double>(values.size()));
    return values[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

double relative_error(nanoseconds measured, nanoseconds exact) {
    return std::abs(static_cast<double>((measured - exact).count())) /
           static_cast<double>(exact.count());
}

} // namespace

TEST_CASE("histogram: a bucket ends with its upper bound and the next begins 1 ns above") {
    for (std::size_t bucket = 0; bucket < last_bucket; ++bucket) {
        CAPTURE(bucket);
        REQUIRE(bucket_of(bucket_upper_bound(bucket)) == bucket);
        REQUIRE(bucket_of(bucket_upper_bound(bucket) + 1ns) == bucket + 1);
    }
}

TEST_CASE("histogram: bounds are 2^(i/32) seconds, rounded down to ns") {
    for (std::size_t bucket = 0; bucket < last_bucket; ++bucket) {
        CAPTURE(bucket);
        const auto exponent = static_cast<long double>(bucket) / 32 - 20;
        REQUIRE(bucket_upper_bound(bucket).count() ==
                static_cast<nanoseconds::rep>(std::exp2(exponent) * 1e9L));
    }
    CHECK(bucket_upper_bound(20 * buckets_per_octave) == 1s);
    CHECK(bucket_upper_bound(last_bucket - 1) == 64s);
}

TEST_CASE("histogram: the first and the last bucket hold what lies outside") {
    CHECK(bucket_of(nanoseconds::min()) == 0);
    CHECK(bucket_of(0ns) == 0);
    CHECK(bucket_of(1ns) == 0);
    CHECK(bucket_of(64s) == last_bucket - 1);
    CHECK(bucket_of(64s + 1ns) == last_bucket);
    CHECK(bucket_of(nanoseconds::max()) == last_bucket);
    CHECK(bucket_upper_bound(last_bucket) == nanoseconds::max());
}

TEST_CASE("histogram: a greater duration never has a lower bucket") {
    std::size_t previous = 0;
    for (nanoseconds value = 900ns; value < 70s; value += value / 1000 + 1ns) {
        REQUIRE(bucket_of(value) >= previous);
        previous = bucket_of(value);
    }
    CHECK(previous == last_bucket);
}

TEST_CASE("histogram: percentiles are within 2 % for any distribution") {
    std::mt19937_64 engine(20240607); // any seed: a failure must be repeatable
    std::uniform_real_distribution<double> uniform(1e3, 1e9);
    std::exponential_distribution<double> exponential(1e-6);
    std::lognormal_distribution<double> heavy_tail(15.0, 1.5);
    std::bernoulli_distribution rarely(0.05);

    using generator = std::function<double()>;
    const generator distributions[] = {
        [&] { return uniform(engine); },
        [&] { return 1e3 + exponential(engine); },
        [&] { return std::min(heavy_tail(engine), 6.4e10); },
        [&] { return rarely(engine) ? 5e8 : 2e6; }, // stalls among short delays
        [] { return 5e8; },                         // all equal, at the end of a bucket
        [] { return 5e8 + 1; },                     // and at the beginning of one
    };
    for (const auto& draw : distributions) {
        std::vector<nanoseconds> values(20'000);
        std::generate(values.begin(), values.end(),
                      [&] { return nanoseconds(static_cast<nanoseconds::rep>(draw())); });
        const auto counts = counted(values);
        for (const double fraction : {0.0, 0.01, 0.5, 0.9, 0.949, 0.951, 0.99, 0.999, 1.0}) {
            CAPTURE(fraction);
            CHECK(relative_error(counts.percentile(fraction), exact_percentile(values, fraction)) <
                  0.02);
        }
    }
}

TEST_CASE("histogram: a percentile changes its bucket exactly at its rank") {
    bucket_counts counts;
    counts.counts[bucket_of(1ms)] = 7;
    counts.counts[bucket_of(1s)] = 93;
    CHECK(counts.percentile(0.07) < 2ms); // 0.07 * 100 is 7.000000000000001
    CHECK(counts.percentile(0.0701) > 900ms);
}

TEST_CASE("histogram: percentiles of nothing, and of what lies outside") {
    bucket_counts counts;
    CHECK(counts.percentile(0.5) == 0ns);
    counts.counts[last_bucket] = 1;
    CHECK(counts.percentile(0.5) == 64s);
    counts.counts[0] = 3;
    CHECK(counts.percentile(0.5) < 1us);
    CHECK(counts.percentile(0.75) < 1us);
    CHECK(counts.percentile(0.76) == 64s);
}

TEST_CASE("histogram: pairs of buckets are exactly the buckets of scale 4") {
    // OTLP, base 2^(2^-4): bucket i holds (base^i, base^(i+1)].
    std::mt19937_64 engine(4);
    std::uniform_real_distribution<double> octave(-19.99, 5.99);
    std::vector<std::uint64_t> merged(histogram_octaves * 16);
    std::vector<std::uint64_t> expected(merged.size());
    const auto count = [&](nanoseconds value) {
        ++merged[(bucket_of(value) - 1) / 2];
        const auto seconds = static_cast<long double>(value.count()) / 1e9L;
        ++expected[static_cast<std::size_t>(std::ceil(std::log2(seconds) * 16) + 20 * 16) - 1];
    };
    for (int i = 0; i < 100'000; ++i) {
        count(nanoseconds(static_cast<nanoseconds::rep>(std::exp2(octave(engine)) * 1e9)));
    }
    for (std::size_t bucket = 2; bucket < last_bucket; bucket += 2) {
        count(bucket_upper_bound(bucket));
        if (bucket + 1 < last_bucket) {
            count(bucket_upper_bound(bucket) + 1ns);
        }
    }
    CHECK(merged == expected);
}

TEST_CASE("histogram: sums and differences go bucket by bucket") {
    auto one = counted({1ms, 1ms, 2s});
    const auto other = counted({1ms, 3s});
    one += other;
    CHECK(one.counts == counted({1ms, 1ms, 1ms, 2s, 3s}).counts);
    CHECK(one.total() == 5);
    one -= other;
    CHECK(one.counts == counted({1ms, 1ms, 2s}).counts);
}

TEST_CASE("histogram: what is recorded is counted in its bucket") {
    histogram h;
    h.record(1ms);
    h.record(1ms, 41);
    h.record(-1ns);
    CHECK(h.count(bucket_of(1ms)) == 42);
    CHECK(h.count(0) == 1);
    CHECK(h.copy().total() == 43);
    CHECK(h.copy().counts[bucket_of(1ms)] == 42);
}
