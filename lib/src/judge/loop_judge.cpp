// SPDX-License-Identifier: MIT
#include "judge/loop_judge.hpp"

#include "base/attempt.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace loopmon::judge {

namespace {
// Nobody waits for it, and unlike duration::max() it can be added to any moment of CLOCK_MONOTONIC.
constexpr duration century = std::chrono::hours(24) * 365 * 100;

/// Not graded, whatever its lag is.
bool is_exempt(const loop_observation& seen) {
    return seen.exempt || seen.cause == cause::paused;
}

/// Not the fault of the loop.
bool exempts(cause why) {
    const auto trips = info_of(why).trips;
    return trips == cause_trips::if_listed || trips == cause_trips::never;
}

bool is_growing(const loop_observation& seen) {
    return seen.overdue > duration::zero() && seen.overdue >= seen.lag;
}

/// Without memory it is lost; its effect on the state of the loop remains.
template <class Make>
void emit(events& out, Make make) noexcept {
    base::attempt([&] { out.push_back(make()); });
}
} // namespace

loop_judge::loop_judge(std::string name, lag_limits limits)
    : name_(std::move(name)), limits_(limits), budget_(limits.alerts_per_minute) {
    last_.now = time_point::min();
    configure(limits);
}

void loop_judge::configure(lag_limits limits) {
    assert(limits.warn > duration::zero() && limits.critical > limits.warn);
    limits_ = limits;
    budget_.configure(limits.alerts_per_minute);
    series_.sum_up_from(limits.alerts_per_minute);
}

void loop_judge::step(const loop_observation& seen, events& out) {
    assert(seen.now >= last_.now && seen.lag >= seen.overdue);
    const auto graded = exempted(seen);
    if (const auto all = series_.take_end(seen.now)) {
        emit(out, [&] { return recurring_over{summed(*all)}; });
    }
    if (graded.now < judge_from_ || is_exempt(graded)) {
        calm_since_.reset(); // unwatched time does not prove health
    } else {
        grade(graded, out);
    }
    last_ = graded;
    if (const auto all = series_.take_summary(seen.now)) {
        emit(out, [&] { return recurring{summed(*all)}; });
    }
    if (const auto count = budget_.take_report(seen.now)) {
        emit(out, [&] { return suppressed{name_, *count}; });
    }
}

/// Takes a completed sample that is not to be graded out of the lag.
loop_observation loop_judge::exempted(const loop_observation& seen) {
    const bool completed = !is_growing(seen);
    // Whatever had completed by the first look after judge_from was late before it.
    const bool start_up = last_.now < judge_from_ && seen.now - seen.lag < judge_from_;
    if (start_up || is_exempt(seen)) {
        exempt_ = completed ? seen.lag : duration::zero();
    } else if (!completed || seen.lag != exempt_) {
        exempt_ = duration::zero();
    }

    auto graded = seen;
    if (exempt_ > duration::zero()) {
        graded.lag = seen.overdue;
    }
    return graded;
}

void loop_judge::grade(const loop_observation& seen, events& out) {
    const bool news = seen.lag >= next_threshold();
    if (level_ == level::nominal) {
        if (!news) {
            return;
        }
        begin(seen);
    }
    if (seen.lag < recovery_threshold()) {
        if (!calm_since_) {
            calm_since_ = seen.now;
        }
        if (seen.now - *calm_since_ >= limits_.clear_after) {
            end(out, false);
        }
        return;
    }
    calm_since_.reset();
    note_delay(seen);
    note_series(seen, out);
    if (news) {
        report(seen, out);
    }
}

void loop_judge::begin(const loop_observation& seen) {
    level_ = level::degraded;
    cause_ = cause::unknown;
    episode_ = new_episode();
    ++n_stalls_;
    reported_ = false;
    late_until_ = is_growing(seen) ? seen.now : std::min(seen.ended.value_or(seen.now), seen.now);
    began_ = late_since_ = late_until_ - seen.lag;
    peak_ = duration::zero();
}

void loop_judge::note_delay(const loop_observation& seen) {
    peak_ = std::max(peak_, seen.lag);
    // A later look that finds no evidence does not take a cause back, unless the cause exempts the
    // loop: it does so while there is evidence for it, and no longer.
    if (is_evident(seen.cause) || (seen.cause == cause::unknown && exempts(cause_))) {
        cause_ = seen.cause;
    }

    if (seen.overdue >= recovery_threshold()) {
        late_since_ = seen.now - seen.overdue;
        late_until_ = seen.now;
    } else if (seen.ended) {
        late_until_ = std::max(late_until_, std::min(*seen.ended, seen.now));
    } else if (seen.lag != last_.lag) { // else it is the same completed sample, seen again
        // The end is exact if it completes the delay that was seen growing. Of any other one it
        // is only known that it is over by now.
        const auto completed_at = late_since_ + seen.lag;
        const bool same = late_until_ <= completed_at && completed_at <= seen.now;
        late_until_ = same ? completed_at : seen.now;
    }
}

void loop_judge::note_series(const loop_observation& seen, events& out) {
    const bool is_known = !is_growing(seen) && !seen.ended && seen.lag == last_.lag;
    if (seen.lag < limits_.warn || is_known) {
        return;
    }
    const auto until =
        is_growing(seen) ? seen.now : std::min(seen.ended.value_or(seen.now), seen.now);
    series_.note(until - seen.lag, until, seen.lag);
    if (cause_ != cause::unknown) {
        series_cause_ = cause_;
    }
    if (const auto all = series_.take_summary(seen.now)) {
        emit(out, [&] { return recurring{summed(*all)}; });
    }
}

delay_series loop_judge::summed(const recurrence::summary& all) const {
    return {.loop = name_,
            .count = all.count,
            .total = all.total,
            .peak = all.peak,
            .span = all.span,
            .cause = series_cause_,
            .began = all.began};
}

/// As the loop was before, which the summaries say.
bool loop_judge::is_usual(time_point began, duration lag) const {
    return series_.is_on() && lag < threshold_above(series_.peak_before(began));
}

void loop_judge::report(const loop_observation& seen, events& out) {
    if (seen.lag >= limits_.critical && level_ != level::stalled) {
        level_ = level::stalled;
        ++n_critical_;
    }
    bool reported = false;
    if (is_usual(late_until_ - seen.lag, seen.lag)) {
        budget_.withhold();
    } else {
        base::attempt([&] { reported = budget_.spend(seen.now); });
    }
    reported_ |= reported;
    emit(out, [&] {
        return stall{.loop = name_,
                     .episode = episode_,
                     .severity = level_,
                     .lag = seen.lag,
                     .threshold = level_ == level::stalled ? limits_.critical : limits_.warn,
                     .cause = cause_,
                     .ongoing = is_growing(seen),
                     .active_tasks = seen.active_tasks,
                     .reported = reported};
    });
}

void loop_judge::finish(time_point now, events& out) {
    if (level_ != level::nominal) {
        if (is_growing(last_) && !is_exempt(last_)) {
            peak_ = std::max(peak_, last_.lag + (now - last_.now));
            late_until_ = now;
        }
        end(out, true);
    }
    if (const auto all = series_.take_end(now, true)) {
        emit(out, [&] { return recurring_over{summed(*all)}; });
    }
}

void loop_judge::end(events& out, bool unwatched) {
    emit(out, [&] {
        return recovered{.loop = name_,
                         .episode = episode_,
                         .lasted = late_until_ - began_,
                         .peak = peak_,
                         .cause = cause_,
                         .unwatched = unwatched && !calm_since_,
                         .reported = reported_};
    });
    level_ = level::nominal;
    cause_ = cause::none;
    calm_since_.reset();
}

/// Exactly half of `warn`, also when that is odd: lag < this if and only if 2 * lag < warn.
duration loop_judge::recovery_threshold() const {
    return limits_.warn - limits_.warn / 2;
}

/// The lag that is news. Follows from the level and the peak, so a change of limits needs no care.
duration loop_judge::next_threshold() const {
    switch (level_) {
    case level::nominal:
        return limits_.warn;
    case level::degraded:
        return limits_.critical;
    case level::stalled:
        break;
    }
    return std::max(limits_.critical, threshold_above(peak_));
}

/// The next lag that is reported when one has been.
duration loop_judge::threshold_above(duration lag) const {
    if (lag < limits_.warn) {
        return limits_.warn;
    }
    auto threshold = limits_.critical;
    while (threshold <= lag && threshold < century) {
        threshold *= 2;
    }
    return std::min(threshold, century);
}

duration loop_judge::next_lag() const {
    if (last_.now < judge_from_) {
        return century;
    }
    if (is_exempt(last_)) // that delay is not graded: look again a fresh period later
    {
        return last_.overdue + limits_.warn;
    }
    return calm_since_ ? recovery_threshold() : next_threshold();
}

time_point loop_judge::next_check() const {
    auto next = std::min(budget_.next_check(), series_.next_check());
    if (last_.now < judge_from_) {
        next = std::min(next, judge_from_);
    } else if (calm_since_) {
        next = std::min(next, *calm_since_ + limits_.clear_after);
    } else if (level_ != level::nominal) // whether it has ended is only seen by looking
    {
        next = std::min(next, last_.now + limits_.warn);
    }
    return next;
}

} // namespace loopmon::judge
