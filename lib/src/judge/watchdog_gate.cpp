// SPDX-License-Identifier: MIT
#include "judge/watchdog_gate.hpp"

#include "base/attempt.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace loopmon::judge {

namespace {
// Three pings a period: one may be late and one may be lost, and the service still lives.
constexpr int pings_per_period = 3;
// A ping that was held back, and the healing after a trip, are looked for this often: late by a
// tenth of the period at most, which leaves more than half of it after the ping that was missed.
constexpr int looks_per_period = 10;
// How long an end that the service manager has decided on takes to arrive: it sends the signal at
// once, but on a machine that is busy enough to trip a watchdog it may not be scheduled at once.
constexpr duration end_takes = std::chrono::seconds(2);
// For which a debugger may stop the process: longer than anybody looks at one breakpoint, and not
// for ever, since a debugger may be forgotten.
constexpr duration debugger_patience = std::chrono::hours(1);

bool is_judged(const loop_vitals& loop, time_point now) {
    return loop.critical && now >= loop.judge_from;
}

/// Why a gate that `loop` had tripped arms itself again.
std::string healed_by(const std::string& loop, std::span<const loop_vitals> loops) {
    const auto found = std::find_if(loops.begin(), loops.end(),
                                    [&](const loop_vitals& of) { return of.name == loop; });
    return "loop " + loop +
           (found == loops.end() ? " is not watched any more"
            : found->critical    ? " has recovered"
                                 : " does not gate the watchdog any more");
}
} // namespace

watchdog_gate::watchdog_gate(const watchdog_limits& limits, duration period)
    : limits_(limits), period_(period) {
    assert(limits.lag > duration::zero() && period >= duration::zero());
}

void watchdog_gate::configure(const watchdog_limits& limits) {
    assert(limits.lag > duration::zero());
    limits_ = limits;
}

void watchdog_gate::ready(time_point now, std::span<const loop_vitals> loops) {
    if (stopping_ || period_ == duration::zero() || state_ != watchdog_state::off) {
        return;
    }
    state_ = watchdog_state::armed;
    pinged(now, loops);
    next_step_ = now; // the graces of the loops begin
}

void watchdog_gate::stopping() {
    stopping_ = true;
    state_ = watchdog_state::off;
}

gate_decision watchdog_gate::step(time_point now, std::span<const loop_vitals> loops) {
    gate_decision decision;
    if (state_ == watchdog_state::triggered || state_ == watchdog_state::withheld) {
        watch_survival(now, loops, decision);
    }
    if (state_ == watchdog_state::armed) {
        if (const auto* loop = worst_tripping(now, loops)) {
            trip_on(now, *loop, decision);
        } else {
            ping_if_due(now, loops, decision);
        }
    }
    adapt_wait(now, decision);
    return decision;
}

// With action = off the watchdog is the program's business: it is fed, and nothing else.
void watchdog_gate::adapt_wait(time_point now, gate_decision& decision) {
    if (state_ == watchdog_state::off) { // after STOPPING=1 it would arm the watchdog again
        return;
    }
    const bool patient = debugged_ && state_ == watchdog_state::armed &&
                         limits_.action != model::watchdog_action::off &&
                         period_ < debugger_patience;
    if (patient != patient_) {
        patient_ = patient;
        decision.wait = wait();
        last_ping_ = now; // from which systemd counts again
    }
}

duration watchdog_gate::wait() const {
    return patient_ ? debugger_patience : period_;
}

const loop_vitals* watchdog_gate::worst_tripping(time_point now,
                                                 std::span<const loop_vitals> loops) const {
    if (limits_.action == model::watchdog_action::off) {
        return nullptr;
    }
    const loop_vitals* worst = nullptr;
    for (const auto& loop : loops) {
        if (is_judged(loop, now) && loop.lag >= limits_.lag && limits_.trips_for(loop.cause) &&
            (worst == nullptr || loop.lag > worst->lag)) {
            worst = &loop;
        }
    }
    return worst;
}

void watchdog_gate::trip_on(time_point now, const loop_vitals& loop, gate_decision& decision) {
    decision.trigger = limits_.action == model::watchdog_action::trigger;
    auto& record = decision.tripped.emplace();
    record.episode = loop.episode;
    record.lag = loop.lag;
    record.threshold = limits_.lag;
    record.cause = loop.cause == cause::none ? cause::unknown : loop.cause;
    record.active_tasks = loop.active_tasks;
    base::attempt([&] { // a loop may hang for want of memory, and trips without its name then
        record.loop = loop.name;
        tripped_ = loop.name;
    });
    state_ = decision.trigger ? watchdog_state::triggered : watchdog_state::withheld;
    tripped_at_ = now;
    survival_reported_ = false;
    next_step_ = survival_due();
}

/// By when the process would have ended if the service manager meant it.
time_point watchdog_gate::survival_due() const {
    const auto decided = state_ == watchdog_state::triggered ? tripped_at_ : last_ping_ + period_;
    return decided + end_takes;
}

void watchdog_gate::watch_survival(time_point now, std::span<const loop_vitals> loops,
                                   gate_decision& decision) {
    if (limits_.action == model::watchdog_action::off) {
        arm_again(now, {.loop = tripped_, .reason = "watchdog.action is off now"}, decision);
        return;
    }
    if (!survival_reported_) {
        next_step_ = survival_due();
        if (now < next_step_) {
            return;
        }
        survival_reported_ = true;
        decision.survived = still_alive{now - tripped_at_};
    }
    next_step_ = now + period_ / looks_per_period;
    if (healed(loops)) {
        arm_again(now, {.loop = tripped_, .reason = healed_by(tripped_, loops)}, decision);
    }
}

void watchdog_gate::arm_again(time_point now, rearmed why, gate_decision& decision) {
    state_ = watchdog_state::armed;
    next_ping_ = now;
    why.since_trip = now - tripped_at_;
    decision.armed = std::move(why);
}

bool watchdog_gate::healed(std::span<const loop_vitals> loops) const {
    return std::all_of(loops.begin(), loops.end(), [this](const loop_vitals& loop) {
        return !loop.critical || (!loop.overdue && loop.lag < limits_.lag / 2);
    });
}

void watchdog_gate::pinged(time_point now, std::span<const loop_vitals> loops) {
    last_ping_ = now;
    next_ping_ = now + period_ / pings_per_period;
    std::size_t critical = 0;
    for (const auto& loop : loops) {
        if (!loop.critical) {
            continue;
        }
        ++critical;
        // In place: only a loop that is new needs memory, and none counts as one that progressed.
        if (const auto known = marks_.find(loop.name); known != marks_.end()) {
            known->second = loop.progress;
        } else {
            base::attempt([&] { marks_.emplace(loop.name, loop.progress); });
        }
    }
    if (marks_.size() > critical) {
        std::erase_if(marks_, [&](const auto& mark) {
            return std::none_of(loops.begin(), loops.end(), [&](const loop_vitals& loop) {
                return loop.critical && loop.name == mark.first;
            });
        });
    }
}

void watchdog_gate::ping_if_due(time_point now, std::span<const loop_vitals> loops,
                                gate_decision& decision) {
    const bool due = now >= next_ping_;
    decision.ping = due && may_ping(now, loops);
    if (decision.ping) {
        pinged(now, loops);
    }
    const bool held_back = due && !decision.ping;
    next_step_ = held_back ? now + period_ / looks_per_period : next_ping_;
    for (const auto& loop : loops) { // what is late at the end of its grace trips then
        if (loop.critical && loop.judge_from > now) {
            next_step_ = std::min(next_step_, loop.judge_from);
        }
    }
}

bool watchdog_gate::may_ping(time_point now, std::span<const loop_vitals> loops) const {
    if (limits_.action == model::watchdog_action::off) {
        return true;
    }
    return std::all_of(loops.begin(), loops.end(), [&](const loop_vitals& loop) {
        if (!is_judged(loop, now) || !loop.overdue || !limits_.trips_for(loop.cause)) {
            return true;
        }
        const auto mark = marks_.find(loop.name);
        return mark == marks_.end() || loop.progress != mark->second;
    });
}

time_point watchdog_gate::next_check() const {
    return state_ == watchdog_state::off ? time_point::max() : next_step_;
}

} // namespace loopmon::judge
