// SPDX-License-Identifier: MIT
//
// One hour of a loop, a second an entry: what was it like before the alert? Fed by the watcher at
// each of its rounds, which come as they come (every few milliseconds while something happens, once
// a second while nothing does).
#pragma once

#include "model/status.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace loopmon::model {

class history_ring {
public:
    static constexpr duration entry_length = std::chrono::seconds(1);
    /// An hour: 3600 entries of 16 bytes, 56 KiB a loop, which it takes up as time goes by.
    static constexpr std::size_t capacity = 3600;

    /// Adds an entry if a second is over; each has the time of its end on the wall clock. A step
    /// that is late makes one entry, with its own time: there is a gap in the times then, as there
    /// was one in the watching. Seconds do not drift with steps that are late by less than one.
    /// @param lag_max the largest since the last call, one that still grows included
    /// @param active,pending at this moment
    void step(time_point now, wall_time wall, duration lag_max, std::uint64_t active,
              std::uint64_t pending);

    /// The last `most` entries, the oldest first. Times are in whole milliseconds, lags in
    /// microseconds.
    [[nodiscard]] std::vector<history_entry> list(std::size_t most = capacity) const;

    // What an entry can hold. A value beyond says "at least this", which is all that an overview of
    // an hour needs of one; a time beyond is that of a clock that is not set.
    static constexpr duration max_lag = std::chrono::microseconds(0xffff'ffff); ///< 71 min
    static constexpr std::uint64_t max_active = 0xffff'ffff;
    static constexpr std::uint64_t max_pending = (1U << 22) - 1;                      ///< 4 million
    static constexpr wall_time last_time{std::chrono::milliseconds(0x3ff'ffff'ffff)}; ///< in 2109

private:
    /// A history_entry in half its size.
    struct compact {
        std::uint32_t lag_us;
        std::uint32_t active;
        std::uint64_t when_ms : 42; ///< since 1970, so that the wall clock may be set meanwhile
        std::uint64_t pending : 22;
    };
    static_assert(sizeof(compact) == 16);

    static compact packed(const history_entry& second) noexcept;
    static history_entry unpacked(const compact& second) noexcept;

    std::deque<compact> entries_;
    std::optional<time_point> due_; ///< end of the present second; nothing: not begun
    duration lag_max_{};            ///< of the present second
};

} // namespace loopmon::model
