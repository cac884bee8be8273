// SPDX-License-Identifier: MIT
#include "judge/classify.hpp"

#include <algorithm>

namespace loopmon::judge {

namespace {

// Starved: at least this share of the time passed in the run queue. Rivals of equal weight take a
// half (one), two thirds (two), three quarters (three). With one, the handler still is the larger
// part of the matter, and 60 % is as far from one rival as it can be without missing two.
constexpr int starved_percent = 60;

// A control group that has used up its quota waits for the end of the period, 100 ms as a rule, and
// two looks may see less of that wait than it takes of a period. With a quota that leaves
// `starved_percent` of the time to waiting, this much of it is enough. A thread that is not short
// of CPU waits for less than a hundredth.
constexpr int quota_wait_percent = 10;

// Fewer handlers than this in a late turn are not "many": each is long enough to be found by name.
constexpr std::uint64_t many_handlers = 10;

// The time a page takes to come from slow storage: a seek of a disk, a busy SD card. Faults that
// could have taken all of the time asleep are what it was spent on.
constexpr duration fault_time = std::chrono::milliseconds(10);

/// How the time between the looks was spent; the four add up to wall.
struct time_spent {
    duration wall{};
    duration running{};
    duration waiting{}; ///< for a CPU
    duration sleeping{};
    duration unaccounted{}; ///< one of the three, and nothing says which
};

bool is_share(duration part, duration whole, int percent) {
    return part * 100 >= whole * percent;
}

bool is_asleep(thread_activity is) {
    return is == thread_activity::asleep || is == thread_activity::disk;
}

/// Ready at both looks and at any time in between: whoever goes to sleep runs before that. What the
/// run-queue delay says does not matter, since the kernel adds a wait to it only when it is over.
bool was_ready(const stall_evidence& seen, const thread_progress& did) {
    const bool ready_twice =
        seen.before == thread_activity::runnable && seen.now == thread_activity::runnable;
    const bool slept =
        did.voluntary_sleeps ? *did.voluntary_sleeps != 0 : did.cpu > duration::zero();
    return ready_twice && !slept && did.cpu_exact;
}

bool was_asleep(const stall_evidence& seen, const thread_progress& did) {
    const bool by_account = did.run_delay && did.voluntary_sleeps.value_or(0) != 0;
    return is_asleep(seen.before) || is_asleep(seen.now) || by_account;
}

time_spent split(const stall_evidence& seen, const thread_progress& did) {
    time_spent time{.wall = did.wall};
    // The clocks are read one after the other, so a part may come out larger than the whole.
    time.running = std::clamp(did.cpu, duration::zero(), did.wall);
    const auto rest = did.wall - time.running;
    if (was_ready(seen, did)) {
        time.waiting = rest;
        return time;
    }
    const auto delay = did.run_delay.value_or(duration::zero());
    // A longer one began before the first look. How much of it is left of the time between them is
    // not known of a thread that may have gone to sleep since.
    const bool before_that = delay > did.wall && seen.now != thread_activity::runnable;
    time.waiting = before_that ? duration::zero() : std::clamp(delay, duration::zero(), rest);
    (was_asleep(seen, did) ? time.sleeping : time.unaccounted) = rest - time.waiting;
    return time;
}

bool is_starved(const time_spent& time, std::optional<double> cpu_limit) {
    if (is_share(time.waiting, time.wall, starved_percent)) {
        return true;
    }
    const bool tight = cpu_limit && *cpu_limit * 100 <= 100 - starved_percent;
    return tight && is_share(time.waiting, time.wall, quota_wait_percent) &&
           is_share(time.running + time.waiting, time.wall, starved_percent);
}

bool is_congested(const stall_evidence& seen) {
    const auto longest = seen.handler_age.value_or(duration::zero());
    return seen.handlers_in_turn >= many_handlers && longest * 2 < seen.turn_age;
}

cause from_activity(thread_activity is) {
    switch (is) {
    case thread_activity::asleep:
        return cause::blocked;
    case thread_activity::disk:
        return cause::io;
    default:
        return cause::unknown;
    }
}

cause from_sleep(const stall_evidence& seen, const thread_progress& did, duration sleeping) {
    // A thread that sleeps often is caught ready now and then; then its last sleep must do.
    if (const auto now = from_activity(seen.now); now != cause::unknown) {
        return now;
    }
    if (did.major_faults * fault_time >= sleeping) {
        return cause::io;
    }
    const auto before = from_activity(seen.before);
    return before == cause::unknown ? cause::blocked : before;
}

} // namespace

cause classify(const stall_evidence& seen) {
    if (seen.traced) {
        return cause::traced;
    }
    if (seen.now == thread_activity::stopped) {
        return cause::paused;
    }
    const auto did = seen.progress && seen.progress->wall > duration::zero()
                         ? seen.progress
                         : std::optional<thread_progress>();
    const auto time = did ? split(seen, *did) : time_spent();
    // Before congestion: on a machine without CPU to spare, short handlers are late as well.
    if (did && is_starved(time, seen.cpu_limit)) {
        return cause::starved;
    }
    if (is_congested(seen)) {
        return cause::congestion;
    }
    if (!did) {
        return from_activity(seen.now);
    }
    if (time.running >= time.sleeping + time.unaccounted) {
        return cause::cpu;
    }
    return time.unaccounted > time.sleeping ? cause::unknown
                                            : from_sleep(seen, *did, time.sleeping);
}

} // namespace loopmon::judge
