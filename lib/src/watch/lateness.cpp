// SPDX-License-Identifier: MIT
#include "watch/lateness.hpp"

#include <algorithm>
#include <utility>

namespace loopmon::watch {

namespace {

/// How much of [from, end) counts against a loop.
duration counted(time_point from, time_point end, const pause_ledger& pauses) {
    return std::max(duration::zero(), (end - from) - pauses.excluded(from, end));
}

} // namespace

lateness::lateness(std::shared_ptr<measure::loop_state> loop,
                   std::shared_ptr<measure::lag_gauge> gauge)
    : loop_(std::move(loop)), gauge_(std::move(gauge)) {}

bool lateness::turns_seen() const {
    return loop_->tracking().active() && loop_->tracking().turn().sequence != 0;
}

std::uint64_t lateness::id() const {
    if (const auto turn = loop_->tracking().turn(); turn.began) {
        return turn.sequence;
    }
    const auto deadline = gauge_->deadline();
    return deadline ? static_cast<std::uint64_t>(deadline->time_since_epoch().count()) : 0;
}

std::optional<measure::running_handler> lateness::handler() const {
    std::optional<measure::running_handler> longest;
    for (const auto& running : loop_->tracking().running()) {
        if (!longest || running.began < longest->began) {
            longest = running;
        }
    }
    return longest;
}

pid_t lateness::thread() const {
    const auto running = handler();
    return running ? running->thread : gauge_->thread();
}

void lateness::check_running(time_point now, duration noticeable) {
    const auto deadline = gauge_->deadline();
    const auto turn = loop_->tracking().turn();
    // Asking the context takes its mutex, so only a loop that looks late is asked.
    const bool deadline_late = deadline && now - *deadline >= noticeable;
    const bool turn_late = turn.began && now - *turn.began >= noticeable;
    if (!deadline_late && !turn_late) {
        return;
    }
    if (!loop_->running()) {
        if (deadline_late) {
            gauge_->disregard(*deadline);
            stop_.deadline = deadline;
        }
        if (turn_late) {
            loop_->tracking().disregard_turn(turn.sequence);
            stop_.turn = turn.sequence;
        }
        stop_.lasts = true;
    } else if (stop_.lasts) {
        stop_.from = now;
        stop_.lasts = false;
    }
}

duration lateness::growing(time_point now, const pause_ledger& pauses) const {
    const auto late = [&](time_point from, bool was_stopped) {
        if (was_stopped) {
            return stop_.lasts ? duration::zero() : counted(stop_.from, now, pauses);
        }
        return counted(from, now, pauses);
    };
    auto sum = duration::zero();
    if (const auto deadline = gauge_->deadline(); deadline && now > *deadline) {
        sum = late(*deadline, stop_.deadline == deadline);
    }
    if (const auto turn = loop_->tracking().turn(); turn.began && now > *turn.began) {
        sum = std::max(sum, late(*turn.began, stop_.turn == turn.sequence));
    }
    return sum;
}

void lateness::drain() {
    const auto turn = loop_->tracking().take_max_turn();
    drained_turn_ = std::max(drained_turn_, turn);
    max_ = std::max({max_, turn, gauge_->take_max()});
}

void lateness::collect(time_point now, const pause_ledger& pauses) {
    drain();
    const auto turn = std::exchange(drained_turn_, duration::zero());
    // It ended since the last look, and so it began at most this long ago.
    const auto earliest = std::max(looked_, time_point{} + turn) - turn;
    completed_turn_ = std::max(duration::zero(), turn - pauses.excluded(earliest, now));
    if (expected_turn_ != 0 && loop_->tracking().turn().sequence != expected_turn_) {
        completed_turn_ = duration::zero();
        expected_turn_ = 0;
    }
    looked_ = now;
}

lateness::reading lateness::peek(time_point now, const pause_ledger& pauses) const {
    reading is;
    const auto last = gauge_->last();
    if (last.deadline != expected_deadline_) {
        is.completed = counted(last.deadline, last.deadline + last.lag, pauses);
    }
    is.completed = std::max(is.completed, completed_turn_);
    is.growing = growing(now, pauses);
    if (is.growing > duration::zero()) {
        is.since = now - is.growing;
        is.expected = measure::expectation_of(thread());
    } else {
        is.since = due();
    }
    return is;
}

bool lateness::stirs(time_point now, duration noticeable) {
    const auto deadline = gauge_->deadline();
    if (stop_.lasts || (deadline && now > *deadline) || loop_->tracking().turn().began) {
        return true;
    }
    drain();
    return max_ >= noticeable;
}

std::optional<time_point> lateness::due() const {
    return stop_.lasts || turns_seen() ? std::nullopt : gauge_->deadline();
}

lateness::reading lateness::look(time_point now, duration noticeable, const pause_ledger& pauses) {
    check_running(now, noticeable);
    collect(now, pauses);
    auto is = peek(now, pauses);
    if (is.expected && now < is.expected->until) {
        expected_deadline_ = gauge_->deadline();
        expected_turn_ = loop_->tracking().turn().sequence;
    } else if (is.expected) { // it takes longer than it said
        expected_deadline_.reset();
        expected_turn_ = 0;
    }
    return is;
}

duration lateness::take_max() {
    drain();
    return std::exchange(max_, duration::zero());
}

} // namespace loopmon::watch
