// SPDX-License-Identifier: MIT
#include "judge/classify.hpp"

#include <algorithm>

namespace loopmon::judge {

namespace {

// Starved: at least this share of the time passed in the run queue. Rivals of equal weight take a
// half (one), two thirds (two), three quarters (three). With one, the handler still is the larger
// part of the matter, and 60 % is as far from one rival as it can be without missing two.
constexpr int starved_percent = 60;

// A thread that looked ready both times and ran less than this was waiting for a CPU, whatever the
// run-queue delay says: the kernel adds a wait to it only when the wait is over.
constexpr int flat_percent = 10;

// Fewer handlers than this in a late turn are not "many": each is long enough to be found by name.
constexpr std::uint64_t many_handlers = 10;

// The time a page takes to come from slow storage: a seek of a disk, a busy SD card. Faults that
// could have taken all of the time asleep are what it was spent on.
constexpr duration fault_time = std::chrono::milliseconds(10);

/// How the time between the looks was spent; the three add up to wall.
struct time_spent {
    duration wall{};
    duration running{};
    duration waiting{}; ///< for a CPU
    duration sleeping{};
};

bool is_share(duration part, duration whole, int percent) {
    return part * 100 >= whole * percent;
}

time_spent split(const stall_evidence& seen, const thread_progress& did) {
    time_spent time{.wall = did.wall};
    // The clocks are read one after the other, so a part may come out larger than the whole.
    time.running = std::clamp(did.cpu, duration::zero(), did.wall);
    const auto rest = did.wall - time.running;
    time.waiting = std::clamp(did.run_delay.value_or(duration::zero()), duration::zero(), rest);
    const bool ready_twice =
        seen.before == thread_activity::runnable && seen.now == thread_activity::runnable;
    const bool never_slept = did.voluntary_sleeps ? *did.voluntary_sleeps == 0
                                                  : !is_share(time.running, did.wall, flat_percent);
    if (ready_twice && never_slept) {
        time.waiting = rest;
    }
    time.sleeping = rest - time.waiting;
    return time;
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
    if (did && is_share(time.waiting, time.wall, starved_percent)) {
        return cause::starved;
    }
    if (is_congested(seen)) {
        return cause::congestion;
    }
    if (!did) {
        return from_activity(seen.now);
    }
    return time.running >= time.sleeping ? cause::cpu : from_sleep(seen, *did, time.sleeping);
}

} // namespace loopmon::judge
