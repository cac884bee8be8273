// SPDX-License-Identifier: MIT
//
// Sliding windows over a histogram that only grows, and over the time that a loop was busy: once a
// second the difference to the last copy is put away. Differences are sparse (a loop that is
// sampled four times a second fills at most four buckets, one that turns as often eight), so five
// minutes of them cost a few kilobytes a loop, and any shorter window is a sum over the newest
// ones.
#pragma once

#include "judge/time.hpp"
#include "measure/histogram.hpp"
#include "report/status.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace loopmon::watch {

class lag_window {
public:
    static constexpr auto slot_length = std::chrono::seconds(1);
    static constexpr auto longest = std::chrono::minutes(5);

    /// What was recorded in a window.
    struct sum {
        measure::bucket_counts counts;
        judge::duration max{};
        judge::duration busy{};
        judge::duration covered{}; ///< the time it reaches back; less than asked for at first
    };

    /// @param unit so many records count as one; what is left of them stays for the next slot
    explicit lag_window(judge::time_point now, std::uint64_t unit = 1)
        : unit_(unit), slot_began_(now) {}

    /// Takes note of a maximum.
    void note(judge::duration max) { slot_max_ = std::max(slot_max_, max); }

    /// The present slot is over, and step() will close it.
    [[nodiscard]] bool due(judge::time_point now) const { return now - slot_began_ >= slot_length; }
    /// Closes the present slot if it is over. Call it at every tick; a tick that comes late makes a
    /// longer slot.
    /// @param recorded a copy of the histogram
    /// @param busy     total time that the loop was busy
    void step(judge::time_point now, const measure::bucket_counts& recorded, judge::duration busy);

    /// What was recorded in the last `length`, the present slot included.
    [[nodiscard]] sum over(judge::time_point now, judge::duration length,
                           const measure::bucket_counts& recorded, judge::duration busy) const;

private:
    struct slot {
        judge::time_point began;
        judge::duration max;
        judge::duration busy;
        std::vector<std::pair<std::uint16_t, std::uint32_t>> counts; ///< bucket, records in it
    };

    std::uint64_t unit_;
    measure::bucket_counts closed_; ///< the histogram when the last slot was closed
    std::deque<slot> slots_;        ///< oldest first
    judge::time_point slot_began_;
    judge::duration slot_max_{};
    judge::duration closed_busy_{};
};

/// Percentiles of what was recorded; none exceeds the maximum.
[[nodiscard]] report::lag_summary summarise(const measure::bucket_counts& counts,
                                            judge::duration max);

} // namespace loopmon::watch
