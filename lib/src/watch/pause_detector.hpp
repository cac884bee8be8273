// SPDX-License-Identifier: MIT
//
// Knows when nobody ran. A process that was stopped, frozen or suspended finds every deadline
// overdue when it goes on, and no loop is to blame. The duration of a loop's own gap proves nothing
// (a stall looks the same); the witness is the watcher thread, which never has anything long to do:
// if it overslept too, the process or the machine stood still. Unless it was runnable all that time
// and did not get a CPU: then the machine is short of them, which is a cause to name and no pause.
// Nor is it one while the process used CPU time: one that stands still uses none. A suspended
// machine also shows in CLOCK_BOOTTIME, which goes on while CLOCK_MONOTONIC stands.
//
// A long oversleep is an event, and exempts what came due in all of the watcher's sleep, as it is
// not known when in it the process was stopped. A short one is not reported, but a loop with a
// small `warn` would be late by it; it exempts as much as it lasted.
#pragma once

#include "model/time.hpp"
#include "watch/pause_ledger.hpp"

#include <algorithm>
#include <optional>

namespace loopmon::watch {

/// A moment, on the clocks that matter.
struct clock_reading {
    time_point now;
    duration boot_offset{}; ///< CLOCK_BOOTTIME less CLOCK_MONOTONIC: grows by the time suspended
    duration run_delay{};   ///< total time that the watcher's thread was runnable and not run
    duration cpu{}; ///< total time that it ran: a client that asks for much does not pause it
    /// Total time that the process ran at least, on however many CPUs.
    duration process{};
    bool has_run_delay = true; ///< false: the kernel does not say, and `run_delay` is zero
};

class pause_detector {
public:
    /// Oversleep that is not yet a pause: scheduling latency on a busy machine. Chromium's
    /// HangWatcher allows as much.
    static constexpr duration tolerance = std::chrono::milliseconds(100);

    /// The watcher is about to sleep until `wake`.
    void sleeping_until(time_point wake) noexcept { planned_ = wake; }
    /// Its round has lasted until now, and it sleeps from here: a round that waited for something
    /// is not a short oversleep.
    void round_ended(time_point now) noexcept { asleep_from_ = now; }

    /// The watcher woke up. A pause is entered into the ledger. The first time is only what the
    /// next is compared with.
    /// @return the length of the pause that has just ended, if there was one
    std::optional<duration> woke(const clock_reading& at, pause_ledger& ledger) {
        if (!last_) {
            last_ = at;
            planned_ = asleep_from_ = at.now;
            return std::nullopt;
        }
        const auto allowed = std::max(tolerance, (planned_ - last_->now) / 2);
        const auto suspended = at.boot_offset - last_->boot_offset;
        waited_ = at.run_delay - last_->run_delay;
        const auto overslept = unaccounted(at, planned_);
        std::optional<duration> pause;
        if (overslept > allowed) {
            ledger.add(last_->now, at.now);
        } else if (const auto brief = unaccounted(at, std::max(planned_, asleep_from_));
                   brief > brief_from() && at.has_run_delay) {
            ledger.add(at.now - brief, at.now);
        }
        if (overslept > allowed || suspended > tolerance) {
            pause = std::max(overslept, duration::zero()) + suspended;
        }
        last_ = at;
        planned_ = std::max(planned_, at.now);
        return pause;
    }

    /// How long the watcher waited for a CPU before it woke up last.
    [[nodiscard]] duration waited() const noexcept { return waited_; }

private:
    /// The time from `due` to now in which the watcher, and the whole process, may have stood
    /// still.
    [[nodiscard]] duration unaccounted(const clock_reading& at, time_point due) const noexcept {
        const auto own = (at.cpu - last_->cpu) + waited_;
        const auto idle = (at.now - last_->now) - (at.process - last_->process);
        return std::min(at.now - due - own, idle);
    }
    /// The kernel lets a sleep of poll(2) last a thousandth longer, and a timer needs a moment.
    [[nodiscard]] duration brief_from() const noexcept {
        constexpr duration least = std::chrono::milliseconds(2);
        return least + (planned_ - last_->now) / 100;
    }

    std::optional<clock_reading> last_;
    time_point planned_{};
    time_point asleep_from_{};
    duration waited_{};
};

} // namespace loopmon::watch
