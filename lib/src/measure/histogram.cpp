// SPDX-License-Identifier: MIT
#include "measure/histogram.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace loopmon::measure {

namespace {

// 2^(j/32), correctly rounded: std::exp2 is not constexpr, and differs in the last bit between
// C libraries.
// clang-format off
constexpr std::array<double, buckets_per_octave> octave_steps{
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0,
    0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0,
    0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
    0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0, 0x1.6247eb03a5585p+0,
    0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
    0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0,
    0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0, 0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0,
};
// clang-format on

constexpr int lowest_exponent = -20; // the first bucket ends at 2^-20 s

constexpr double ns_per_second = 1e9;

// 0.07 * 100 is 7.000000000000001, and the rank meant is 7.
constexpr double rounding_slack = 1 - 1e-12;

// Where in its bucket a percentile may lie. Spread over the whole bucket it would be 2.2 % wrong
// when all records are equal and sit at one end; at the middle always, it would move in steps.
constexpr double middle_begin = 0.25;
constexpr double middle_width = 0.5;

constexpr double power_of_two(int exponent) noexcept {
    double power = 1;
    for (; exponent > 0; --exponent) {
        power *= 2;
    }
    for (; exponent < 0; ++exponent) {
        power /= 2;
    }
    return power;
}

constexpr double upper_bound_ns(std::size_t bucket) noexcept {
    const auto octave = static_cast<int>(bucket / buckets_per_octave);
    return octave_steps[bucket % buckets_per_octave] * power_of_two(octave + lowest_exponent) *
           ns_per_second;
}

} // namespace

namespace detail {

constexpr std::array<std::int64_t, bucket_count> bounds = [] {
    std::array<std::int64_t, bucket_count> all{};
    for (std::size_t i = 0; i + 1 < bucket_count; ++i) {
        all[i] = static_cast<std::int64_t>(upper_bound_ns(i));
    }
    all.back() = std::numeric_limits<std::int64_t>::max();
    return all;
}();
static_assert(first_ns < bounds.front() && bounds[bucket_count - 2] == last_ns);

constexpr std::array<std::uint16_t, cell_count> first_buckets = [] {
    std::array<std::uint16_t, cell_count> all{};
    std::uint16_t bucket = 0;
    for (std::size_t i = 0; i < cell_count; ++i) {
        const auto begin = std::bit_cast<double>((first_cell + i) << cell_shift);
        while (static_cast<double>(bounds[bucket]) < begin) {
            ++bucket;
        }
        all[i] = bucket;
    }
    return all;
}();
static_assert([] { // a duration at the end of a cell is in its first bucket or in the next
    for (std::size_t i = 0; i < cell_count; ++i) {
        const auto end = std::bit_cast<double>((first_cell + i + 1) << cell_shift);
        const std::size_t next = first_buckets[i] + 1;
        if (next < bucket_count && static_cast<double>(bounds[next]) < end - 1) {
            return false;
        }
    }
    return true;
}());

} // namespace detail

nanoseconds bucket_upper_bound(std::size_t bucket) noexcept {
    assert(bucket < bucket_count);
    return nanoseconds(detail::bounds[bucket]);
}

std::uint64_t bucket_counts::total() const noexcept {
    std::uint64_t sum = 0;
    for (const auto count : counts) {
        sum += count;
    }
    return sum;
}

bucket_counts& bucket_counts::operator+=(const bucket_counts& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) {
        counts[i] += other.counts[i];
    }
    return *this;
}

bucket_counts& bucket_counts::operator-=(const bucket_counts& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i) {
        assert(counts[i] >= other.counts[i]);
        counts[i] -= other.counts[i];
    }
    return *this;
}

nanoseconds bucket_counts::percentile(double fraction) const noexcept {
    const auto records = total();
    if (records == 0) {
        return nanoseconds::zero();
    }
    const auto n = static_cast<double>(records);
    const double rank = std::clamp(std::ceil(fraction * n * rounding_slack), 1.0, n);
    double below = 0; // records in the buckets before this one
    std::size_t bucket = 0;
    while (below + static_cast<double>(counts[bucket]) < rank) {
        below += static_cast<double>(counts[bucket++]);
    }

    const double lower = bucket == 0 ? 0.0 : upper_bound_ns(bucket - 1);
    if (bucket == bucket_count - 1) {
        return nanoseconds(static_cast<nanoseconds::rep>(lower));
    }
    const double width = upper_bound_ns(bucket) - lower;
    const double position = (rank - below - 0.5) / static_cast<double>(counts[bucket]);
    return nanoseconds(
        static_cast<nanoseconds::rep>(lower + width * (middle_begin + middle_width * position)));
}

bucket_counts histogram::copy(std::memory_order order) const noexcept {
    bucket_counts result;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        result.counts[i] = counts_[i].load(order);
    }
    return result;
}

} // namespace loopmon::measure
