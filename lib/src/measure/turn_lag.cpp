// SPDX-License-Identifier: MIT
#include "measure/turn_lag.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace loopmon::measure {

namespace {

constexpr std::uint64_t shares = 64;
constexpr std::size_t last_bucket = bucket_count - 1;

double lower_bound_ns(std::size_t bucket) noexcept {
    return bucket == 0 ? 0.0 : static_cast<double>(bucket_upper_bound(bucket - 1).count());
}

/// Of the last bucket, which has no end, its begin.
double middle_ns(std::size_t bucket) noexcept {
    const double lower = lower_bound_ns(bucket);
    return bucket == last_bucket ? lower : (lower + lower_bound_ns(bucket + 1)) / 2;
}

double middle_of(std::size_t bucket) noexcept {
    static const auto middles = [] {
        std::array<double, bucket_count> all{};
        for (std::size_t i = 0; i < bucket_count; ++i) {
            all[i] = middle_ns(i);
        }
        return all;
    }();
    return middles[bucket];
}

/// The shares of a turn by bucket: add(bucket, shares).
template <class Add>
void divide(nanoseconds length, const Add& add) noexcept {
    const auto ns = static_cast<double>(length.count());
    auto below = bucket_of(length);
    if (below > 0 && ns < middle_of(below)) {
        --below;
    }
    const double middle = middle_of(below);
    std::uint64_t above = 0;
    if (below != last_bucket && ns > middle) {
        const double distance = middle_of(below + 1) - middle;
        above = static_cast<std::uint64_t>(std::llround((ns - middle) / distance * double{shares}));
        add(below + 1, above);
    }
    add(below, shares - above);
}

} // namespace

void record_turn(histogram& turns, nanoseconds length) noexcept {
    divide(length, [&turns](std::size_t bucket, std::uint64_t n) { turns.record_in(bucket, n); });
}

void add_turn(bucket_counts& turns, nanoseconds length) noexcept {
    divide(length, [&turns](std::size_t bucket, std::uint64_t n) { turns.counts[bucket] += n; });
}

bucket_counts lag_of_turns(const bucket_counts& turns, nanoseconds elapsed) noexcept {
    constexpr double ns_per_us = 1e3;
    const auto to_us = [](double ns) {
        return static_cast<std::uint64_t>(std::llround(ns / ns_per_us));
    };
    bucket_counts lag;
    double in_turns_ns = 0;
    double longer = 0; // turns of the buckets above
    for (std::size_t bucket = bucket_count; bucket-- > 0;) {
        const double count = static_cast<double>(turns.counts[bucket]) / double{shares};
        const double lower = lower_bound_ns(bucket);
        const double width = bucket == last_bucket ? 0.0 : lower_bound_ns(bucket + 1) - lower;
        // A longer turn spends the whole width of this bucket in it, one of its own a half.
        lag.counts[bucket] = to_us(longer * width + count * width / 2);
        in_turns_ns += count * middle_of(bucket);
        longer += count;
    }
    const double outside = static_cast<double>(elapsed.count()) - in_turns_ns;
    lag.counts[0] += to_us(std::max(outside, 0.0));
    return lag;
}

} // namespace loopmon::measure
