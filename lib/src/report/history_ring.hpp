// SPDX-License-Identifier: MIT
//
// One hour of a loop, a second an entry: what was it like before the alert? Fed by the watcher at
// each of its rounds, which come as they come (every few milliseconds while something happens, once
// a second while nothing does).
#pragma once

#include "report/status.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace loopmon::report {

class history_ring {
public:
    static constexpr duration entry_length = std::chrono::seconds(1);
    /// An hour: 3600 entries of 32 bytes, 113 KiB a loop, which it takes up as time goes by.
    static constexpr std::size_t capacity = 3600;

    /// Adds an entry if a second is over; each has the time of its end on the wall clock. A step
    /// that is late makes one entry, with its own time: there is a gap in the times then, as there
    /// was one in the watching. Seconds do not drift with steps that are late by less than one.
    /// @param lag_max the largest since the last call, one that still grows included
    /// @param active,pending at this moment
    void step(judge::time_point now, wall_time wall, duration lag_max, std::uint64_t active,
              std::uint64_t pending);

    /// The last `most` entries, the oldest first.
    [[nodiscard]] std::vector<history_entry> list(std::size_t most = capacity) const;

private:
    std::deque<history_entry> entries_;
    std::optional<judge::time_point> due_; ///< end of the present second; nothing: not begun
    duration lag_max_{};                   ///< of the present second
};

} // namespace loopmon::report
