// SPDX-License-Identifier: MIT
//
// Knows when nobody ran. A process that was stopped, frozen or suspended finds every deadline
// overdue when it goes on, and no loop is to blame. The duration of a loop's own gap proves nothing
// (a stall looks the same); the witness is the watcher thread, which never has anything long to do:
// if it overslept too, the process or the machine stood still. Unless it was runnable all that time
// and did not get a CPU: then the machine is short of them, which is a cause to name and no pause.
// A suspended machine also shows in CLOCK_BOOTTIME, which goes on while CLOCK_MONOTONIC stands.
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

/// A moment, on the clocks that matter.
struct clock_reading {
    time_point now;
    duration boot_offset{}; ///< CLOCK_BOOTTIME less CLOCK_MONOTONIC: grows by the time suspended
    duration run_delay{};   ///< that the watcher's thread was runnable and not run, ever
    duration cpu{};         ///< that it ran, ever: a client that asks for much is no pause
};

class pause_detector {
public:
    /// Oversleep that is not yet a pause: scheduling latency on a busy machine. Chromium's
    /// HangWatcher allows as much.
    static constexpr duration tolerance = std::chrono::milliseconds(100);

    /// The watcher is about to sleep until `wake`.
    void sleeping_until(time_point wake) noexcept { planned_ = wake; }

    /// The watcher woke up. A pause is entered into the ledger as reaching from the last moment
    /// that is known to have been awake. The first time is only what the next is compared with.
    /// @return the length of the pause that has just ended, if there was one
    std::optional<duration> woke(const clock_reading& at, pause_ledger& ledger) {
        if (!last_) {
            last_ = at;
            planned_ = at.now;
            return std::nullopt;
        }
        const auto allowed = std::max(tolerance, (planned_ - last_->now) / 2);
        const auto suspended = at.boot_offset - last_->boot_offset;
        const auto accounted = (at.run_delay - last_->run_delay) + (at.cpu - last_->cpu);
        const auto overslept = at.now - planned_ - accounted;
        std::optional<duration> pause;
        if (overslept > allowed) {
            ledger.add(last_->now, at.now);
        }
        if (overslept > allowed || suspended > tolerance) {
            pause = std::max(overslept, duration::zero()) + suspended;
        }
        last_ = at;
        planned_ = std::max(planned_, at.now);
        return pause;
    }

private:
    std::optional<clock_reading> last_;
    time_point planned_{};
};

} // namespace loopmon::watch
