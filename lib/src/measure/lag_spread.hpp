// SPDX-License-Identifier: MIT
#pragma once

#include "measure/histogram.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace loopmon::measure {

/// Divides `weight` evenly among the durations between two ends, by buckets: add(bucket, part) for
/// each of them, and the parts add up to the weight.
///
/// Below 0.25 ms the halves go to the first and the third quarter, which is at most 63 us off, and
/// below 16 us all of it to the middle: almost all turns are that short, and are recorded in a few
/// instructions. Above, it is exact, and takes at most some 2 us of a turn that is longer than 250.
/// @param from, to in any order
template <class Add>
void spread(nanoseconds from, nanoseconds to, std::uint64_t weight, const Add& add) noexcept {
    constexpr nanoseconds finest = std::chrono::microseconds(16);
    constexpr nanoseconds fine = std::chrono::microseconds(250);
    const auto low = std::min(from, to);
    const auto high = std::max(from, to);
    const auto width = high - low;
    if (high < finest) {
        add(bucket_of(low + width / 2), weight);
        return;
    }
    if (high < fine) {
        add(bucket_of(low + width / 4), weight / 2);
        add(bucket_of(high - width / 4), weight - weight / 2);
        return;
    }
    const auto last = bucket_of(high);
    auto bucket = bucket_of(low);
    std::uint64_t divided = 0;
    if (bucket != last) {
        const double share = static_cast<double>(weight) / static_cast<double>(width.count());
        for (; bucket != last; ++bucket) {
            const auto below = static_cast<double>(detail::bounds[bucket] - low.count());
            const auto up_to = static_cast<std::uint64_t>(below * share);
            add(bucket, up_to - divided);
            divided = up_to;
        }
    }
    add(last, weight - divided);
}

} // namespace loopmon::measure
