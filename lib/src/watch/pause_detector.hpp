// SPDX-License-Identifier: MIT
//
// Knows when nobody ran. A process that was stopped, frozen or suspended finds every deadline
// overdue when it goes on, and no loop is to blame. The duration of a loop's own gap proves nothing
// (a stall looks the same); the witness is the watcher thread, which never has anything long to do:
// if it overslept too, the process or the machine stood still. A suspended machine also shows in
// CLOCK_BOOTTIME, which goes on while CLOCK_MONOTONIC stands.
#pragma once

#include "judge/time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

namespace loopmon::watch {

using judge::duration;
using judge::time_point;

/// The spans in which time does not count against a loop. Remembers the last 16, which is more than
/// a deadline that is still of interest can have behind it.
class pause_ledger {
public:
    void add(time_point begin, time_point end) noexcept {
        spans_[next_++ % spans_.size()] = {begin, end};
    }

    /// How much of [begin, end) was paused.
    [[nodiscard]] duration excluded(time_point begin, time_point end) const noexcept {
        duration sum{};
        for (const auto& pause : spans_) {
            sum +=
                std::max(duration::zero(), std::min(end, pause.end) - std::max(begin, pause.begin));
        }
        return sum;
    }

private:
    struct span {
        time_point begin{}, end{};
    };
    std::array<span, 16> spans_{};
    std::size_t next_ = 0;
};

class pause_detector {
public:
    /// Oversleep that is not yet a pause: scheduling latency on a busy machine. Chromium's
    /// HangWatcher allows as much.
    static constexpr duration tolerance = std::chrono::milliseconds(100);

    /// @param boot_offset CLOCK_BOOTTIME less CLOCK_MONOTONIC
    pause_detector(time_point now, duration boot_offset) noexcept
        : last_(now), planned_(now), boot_offset_(boot_offset) {}

    /// The watcher is about to sleep until `wake`.
    void sleeping_until(time_point wake) noexcept { planned_ = wake; }

    /// The watcher woke up. A pause is entered into the ledger as reaching from the last moment
    /// that is known to have been awake.
    /// @return the length of the pause that has just ended, if there was one
    std::optional<duration> woke(time_point now, duration boot_offset, pause_ledger& ledger) {
        const auto allowed = std::max(tolerance, (planned_ - last_) / 2);
        const auto suspended = boot_offset - boot_offset_;
        const bool overslept = now - planned_ > allowed;
        std::optional<duration> pause;
        if (overslept) {
            ledger.add(last_, now);
        }
        if (overslept || suspended > tolerance) {
            pause = std::max(now - planned_, duration::zero()) + suspended;
        }
        last_ = now;
        planned_ = std::max(planned_, now);
        boot_offset_ = boot_offset;
        return pause;
    }

private:
    time_point last_;
    time_point planned_;
    duration boot_offset_;
};

} // namespace loopmon::watch
