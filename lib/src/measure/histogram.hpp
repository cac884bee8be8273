// SPDX-License-Identifier: MIT
//
// Durations in base-2 exponential buckets: 32 per octave from 2^-20 s (0.95 us) to 2^6 s (64 s),
// plus one bucket below and one above. The boundaries are exactly 2^(i/32) seconds, upper bound
// included, so buckets merge without error into an OpenTelemetry exponential histogram of scale 5
// or less (OTLP data model, "Exponential Scale") and into any coarser set of power-of-two bounds.
// A bucket is 2.2 % wide. A percentile is interpolated within the middle half of its bucket, so it
// is within 1.7 % whatever the distribution, and nearer where the records are spread.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace loopmon::measure {

inline constexpr std::size_t buckets_per_octave = 32;
inline constexpr std::size_t histogram_octaves = 26;
inline constexpr std::size_t bucket_count = 1 + histogram_octaves * buckets_per_octave + 1;

using nanoseconds = std::chrono::nanoseconds;

namespace detail {
// A handler is recorded twice, so its buckets are found without a division, a search or a call: the
// leading bits of a duration as a binary64 name a cell of a 64th of its octave, linearly; a table
// has the first bucket that reaches into the cell, and there is at most one more.
static_assert(std::numeric_limits<double>::is_iec559);
inline constexpr int cell_shift = 52 - 6; // of the mantissa, 6 bits stay
constexpr std::uint64_t cell_of(std::int64_t ns) noexcept {
    return std::bit_cast<std::uint64_t>(static_cast<double>(ns)) >> cell_shift;
}
inline constexpr std::int64_t first_ns = 512;           // a power of two below the first bound
inline constexpr std::int64_t last_ns = 64'000'000'000; // the last bound
inline constexpr std::uint64_t first_cell = cell_of(first_ns);
inline constexpr std::size_t cell_count = cell_of(last_ns) - first_cell + 1;

[[gnu::visibility("hidden")]] extern const std::array<std::int64_t, bucket_count>
    bounds; ///< whole ns that are within each
[[gnu::visibility("hidden")]] extern const std::array<std::uint16_t, cell_count> first_buckets;
} // namespace detail

/// The bucket that holds a duration. Zero and negative durations belong to the first.
[[nodiscard]] inline std::size_t bucket_of(nanoseconds value) noexcept {
    const std::int64_t ns = value.count();
    if (ns < detail::first_ns) {
        return 0;
    }
    const auto cell = static_cast<std::size_t>(detail::cell_of(ns) - detail::first_cell);
    if (cell >= detail::cell_count) {
        return bucket_count - 1;
    }
    const std::size_t bucket = detail::first_buckets[cell];
    // Without signs it is a comparison and an addition with carry.
    const auto bound = static_cast<std::uint64_t>(detail::bounds[bucket]);
    return bucket + (bound < static_cast<std::uint64_t>(ns) ? 1 : 0);
}

/// Greatest duration of a bucket, rounded down to ns; nanoseconds::max() for the last.
[[nodiscard]] nanoseconds bucket_upper_bound(std::size_t bucket) noexcept;

/// A plain copy, for arithmetic and percentiles. Any thread, one at a time.
struct bucket_counts {
    std::array<std::uint64_t, bucket_count> counts{};

    [[nodiscard]] std::uint64_t total() const noexcept;
    bucket_counts& operator+=(const bucket_counts& other) noexcept;
    /// @pre every count is at least that of `other` (an earlier copy of the same histogram)
    bucket_counts& operator-=(const bucket_counts& other) noexcept;
    /// The smallest duration that at least `fraction` (0..1) of the records do not exceed,
    /// interpolated by rank within the middle half of its bucket; zero if there are no records. A
    /// record in the last bucket counts as its lower bound, 64 s; callers who know the maximum
    /// clamp to it.
    [[nodiscard]] nanoseconds percentile(double fraction) const noexcept;
};

/// One writer at a time (whoever runs the loop's sampler), readers on any thread; every operation
/// is wait-free and none allocates.
class histogram {
public:
    void record(nanoseconds value, std::uint64_t times = 1) noexcept {
        record_in(bucket_of(value), times);
    }
    /// @param order of the store: for a reader that has to see what was stored before
    void record_in(std::size_t bucket, std::uint64_t times,
                   std::memory_order order = std::memory_order_relaxed) noexcept {
        // One writer: a load and a store are enough, and cheaper than a locked addition.
        auto& count = counts_[bucket];
        count.store(count.load(std::memory_order_relaxed) + times, order);
    }
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept {
        return counts_[bucket].load(std::memory_order_relaxed);
    }
    /// @param order of the loads
    [[nodiscard]] bucket_counts
    copy(std::memory_order order = std::memory_order_relaxed) const noexcept;

private:
    std::array<std::atomic<std::uint64_t>, bucket_count> counts_{};
};

} // namespace loopmon::measure
