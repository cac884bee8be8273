// SPDX-License-Identifier: MIT
#include "watch/loop_delay.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace loopmon::watch {

namespace {

/// How much of [from, end) counts against a loop.
duration counted(time_point from, time_point end, const pause_ledger& pauses) {
    return std::max(duration::zero(), (end - from) - pauses.excluded(from, end));
}

} // namespace

loop_delay::loop_delay(std::shared_ptr<measure::loop_state> loop,
                       std::shared_ptr<measure::lag_gauge> gauge)
    : loop_(std::move(loop)), gauge_(std::move(gauge)) {}

bool loop_delay::sees_turns() const {
    return loop_->tracking().active() && loop_->tracking().turn().sequence != 0;
}

pid_t loop_delay::seen_thread() const {
    return loop_->sampled() ? gauge_->thread() : loop_->turning_thread();
}

std::uint64_t loop_delay::id() const {
    if (const auto turn = loop_->tracking().turn(); turn.began) {
        return turn.sequence;
    }
    const auto deadline = gauge_->deadline();
    return deadline ? static_cast<std::uint64_t>(deadline->time_since_epoch().count()) : 0;
}

// One that has run no handler yet is known by the sampler, which every thread runs in its turn.
bool loop_delay::has_several_threads() const {
    if (loop_->tracking().threads() > 1) {
        return true;
    }
    const auto sampled = seen_thread();
    bool elsewhere = false;
    loop_->tracking().each_running([&](const measure::running_handler& handler) {
        elsewhere |= sampled != 0 && handler.thread != sampled;
    });
    return elsewhere;
}

// Handlers that began earlier do not concern the loop: it has gone on polling since, in another
// thread. With one thread it has not, and an outer handler may have begun before the turn of a
// run() within it.
std::optional<time_point> loop_delay::concerned_since() const {
    if (!sees_turns() || !has_several_threads()) {
        return std::nullopt;
    }
    return loop_->tracking().turn().began.value_or(time_point::max()); // max(): it polls
}

// What is asked of a loop that is late allocates nothing, for it may be late for want of memory.
template <class Visit>
void loop_delay::each_holding(Visit visit) const {
    const auto since = concerned_since();
    loop_->tracking().each_running([&](const measure::running_handler& handler) {
        if (!since || handler.began >= *since) {
            visit(handler);
        }
    });
}

template <class Visit>
void loop_delay::each_outlasting(Visit visit) const {
    const auto since = concerned_since();
    if (!since) {
        return;
    }
    loop_->tracking().each_running([&](const measure::running_handler& handler) {
        if (handler.began < *since) {
            visit(handler);
        }
    });
}

std::vector<measure::running_handler> loop_delay::outlasting() const {
    std::vector<measure::running_handler> found;
    each_outlasting([&](const auto& handler) { found.push_back(handler); });
    return found;
}

std::optional<measure::running_handler> loop_delay::handler() const {
    std::optional<measure::running_handler> longest;
    auto longest_since = time_point::max();
    each_holding([&](const measure::running_handler& running) {
        const auto announced = measure::expectation_of(running.thread);
        const auto since = announced ? announced->until : running.began;
        if (!longest || since < longest_since) {
            longest = running;
            longest_since = since;
        }
    });
    return longest;
}

std::optional<measure::expectation> loop_delay::expected() const {
    std::optional<measure::expectation> first;
    bool all = true;
    std::size_t threads = 0;
    const auto ask = [&](pid_t thread) {
        auto announced = measure::expectation_of(thread);
        ++threads;
        all = all && announced;
        if (announced && (!first || announced->until < first->until)) {
            first = std::move(announced);
        }
    };
    each_holding([&](const measure::running_handler& handler) { ask(handler.thread); });
    if (threads == 0) {
        auto announced = measure::expectation_of(thread());
        if (!announced || loop_->tracking().active()) {
            return announced;
        }
        // Handlers are not seen in this program, but a late loop has no thread to spare.
        for (const auto thread : loop_->running_threads().value_or(std::vector<pid_t>())) {
            ask(thread);
        }
        if (threads == 0) {
            return announced;
        }
    }
    return all ? first : std::nullopt;
}

pid_t loop_delay::thread() const {
    if (const auto running = handler()) {
        return running->thread;
    }
    const auto sampled = seen_thread();
    bool is_elsewhere = false;
    each_outlasting([&](const measure::running_handler& handler) {
        is_elsewhere |= handler.thread == sampled;
    });
    return is_elsewhere ? 0 : sampled;
}

void loop_delay::check_running(time_point now, duration noticeable) {
    const auto deadline = gauge_->deadline();
    const auto turn = loop_->tracking().turn();
    // Asking the context takes its mutex, so only a loop that looks late is asked.
    const bool deadline_late = deadline && now - *deadline >= noticeable;
    const bool turn_late = turn.began && now - *turn.began >= noticeable;
    if (!deadline_late && !turn_late) {
        return;
    }
    if (!loop_->running()) {
        if (looked_growing_ >= noticeable) { // it was late until about then, and has returned
            max_ = std::max(max_, std::exchange(looked_growing_, duration::zero()));
        }
        if (deadline_late) {
            gauge_->exclude(*deadline);
            stopped_.deadline = deadline;
        }
        if (turn_late) {
            loop_->tracking().exclude_turn(turn.sequence);
            stopped_.turn = turn.sequence;
        }
        stopped_.lasts = true;
    } else if (stopped_.lasts) {
        stopped_.from = now;
        stopped_.lasts = false;
    }
}

template <class Affects>
std::optional<time_point> loop_delay::counts_from(time_point from, Affects affects) const {
    if (affects(stopped_)) {
        if (stopped_.lasts) {
            return std::nullopt;
        }
        from = std::max(from, stopped_.from);
    }
    if (affects(expected_) && !expected_.lasts) {
        from = std::max(from, expected_.from);
    }
    return from;
}

duration loop_delay::growing(time_point now, const pause_ledger& pauses) const {
    const auto late = [&](time_point from, auto affects) {
        const auto since = counts_from(from, affects);
        return since ? counted(*since, now, pauses) : duration::zero();
    };
    auto sum = duration::zero();
    if (const auto deadline = gauge_->deadline(); deadline && now > *deadline) {
        sum = late(*deadline, [&](const exemption& by) { return by.deadline == deadline; });
    }
    if (const auto turn = loop_->tracking().turn(); turn.began && now > *turn.began) {
        const auto affects = [&](const exemption& by) { return by.turn == turn.sequence; };
        sum = std::max(sum, late(*turn.began, affects));
    }
    return sum;
}

void loop_delay::drain(time_point now, const pause_ledger& pauses) {
    // What ended since the last time began at most its length before that.
    const auto less_pauses = [&](duration lag) {
        const auto earliest = std::max(drained_, time_point{} + lag) - lag;
        return std::max(duration::zero(), lag - pauses.excluded(earliest, now));
    };
    const auto turn = less_pauses(loop_->tracking().take_max_turn());
    drained_turn_ = std::max(drained_turn_, turn);
    max_ = std::max({max_, turn, less_pauses(gauge_->take_max())});
    drained_ = now;
}

void loop_delay::collect(time_point now, const pause_ledger& pauses) {
    drain(now, pauses);
    completed_turn_ = std::exchange(drained_turn_, duration::zero());
    if (expected_.turn != 0 && loop_->tracking().turn().sequence != expected_.turn) {
        completed_turn_ = duration::zero();
        expected_.turn = 0;
    }
}

loop_delay::reading loop_delay::peek(time_point now, const pause_ledger& pauses) const {
    reading is;
    if (gauge_->last().deadline != expected_.deadline) {
        is.completed = sample(pauses);
    }
    is.completed = std::max(is.completed, completed_turn_);
    is.growing = growing(now, pauses);
    if (is.growing > duration::zero()) {
        is.since = now - is.growing;
        is.expected = expected();
    } else {
        is.since = due();
    }
    return is;
}

bool loop_delay::needs_look(time_point now, duration noticeable, const pause_ledger& pauses) {
    const auto deadline = gauge_->deadline();
    if (stopped_.lasts || (deadline && now > *deadline) || loop_->tracking().turn().began) {
        return true;
    }
    drain(now, pauses);
    return max_ >= noticeable;
}

std::optional<time_point> loop_delay::due() const {
    return stopped_.lasts || sees_turns() ? std::nullopt : gauge_->deadline();
}

void loop_delay::check_expected(time_point now, reading& is, const pause_ledger& pauses) {
    if (is.expected && now < is.expected->until) {
        expected_ = {gauge_->deadline(), loop_->tracking().turn().sequence, now, true};
    } else if (is.expected) { // it takes longer than it said, and all of it counts
        expected_ = {};
    } else if (expected_.lasts) {
        // It is over, and what follows it in the same turn counts from its own begin.
        const auto next = handler();
        expected_.from = next ? std::max(expected_.from, next->began) : now;
        expected_.lasts = false;
        is = peek(now, pauses);
    }
}

loop_delay::reading loop_delay::update(time_point now, duration noticeable,
                                       const pause_ledger& pauses) {
    check_running(now, noticeable);
    collect(now, pauses);
    auto is = peek(now, pauses);
    check_expected(now, is, pauses);
    looked_growing_ = is.growing;
    return is;
}

duration loop_delay::take_max() {
    return std::exchange(max_, duration::zero());
}

void loop_delay::reset_max(time_point now) {
    drain(now, {});
    max_ = {};
}

duration loop_delay::sample(const pause_ledger& pauses) const {
    const auto last = gauge_->last();
    return counted(last.deadline, last.deadline + last.lag, pauses);
}

} // namespace loopmon::watch
