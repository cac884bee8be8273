// SPDX-License-Identifier: MIT
//
// Sliding windows over a histogram that only grows, and over the time that a loop was busy: once a
// second the difference to the last copy is put away. Differences are sparse (a loop that is
// sampled four times a second fills at most four buckets, one that turns as often eight), so five
// minutes of them cost a few kilobytes a loop, and any shorter window is a sum over the newest
// ones.
#pragma once

#include "measure/histogram.hpp"
#include "model/status.hpp"
#include "model/time.hpp"

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
        model::duration max{};
        model::duration busy{};
        model::duration covered{}; ///< the time it reaches back; less than asked for at first
    };

    /// @param unit so many records count as one; what is left of them stays for the next slot
    explicit lag_window(model::time_point now, std::uint64_t unit = 1)
        : unit_(unit), slot_began_(now) {}

    /// Takes note of a maximum.
    void note(model::duration max) { slot_max_ = std::max(slot_max_, max); }

    /// The present slot is over, and step() will close it.
    [[nodiscard]] bool due(model::time_point now) const { return now - slot_began_ >= slot_length; }
    /// Closes the present slot if it is over. Call it at every tick; a tick that comes late makes a
    /// longer slot.
    /// @param recorded a copy of the histogram
    /// @param busy     total time that the loop was busy
    void step(model::time_point now, const measure::bucket_counts& recorded, model::duration busy);

    /// What was recorded in the last `length`, the present slot included.
    [[nodiscard]] sum over(model::time_point now, model::duration length,
                           const measure::bucket_counts& recorded, model::duration busy) const;

private:
    struct slot {
        model::time_point began;
        model::duration max;
        model::duration busy;
        std::vector<std::pair<std::uint16_t, std::uint32_t>> counts; ///< bucket, records in it
    };

    std::uint64_t unit_;
    measure::bucket_counts closed_; ///< the histogram when the last slot was closed
    std::deque<slot> slots_;        ///< oldest first
    model::time_point slot_began_;
    model::duration slot_max_{};
    model::duration closed_busy_{};
};

/// Percentiles of what was recorded; none exceeds the maximum.
[[nodiscard]] model::lag_summary summarise(const measure::bucket_counts& counts,
                                           model::duration max);

} // namespace loopmon::watch
