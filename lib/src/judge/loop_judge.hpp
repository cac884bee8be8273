// SPDX-License-Identifier: MIT
//
// Grades one loop. An episode begins when the lag reaches `warn`, is reported once then, once more
// when it reaches `critical`, and again at each doubling of `critical` (2x, 4x, ...) while the
// delay lasts. It ends when the lag has stayed under half of `warn` for `clear_after`, without a
// break: a handler that completes late does not end the episode, only time without lag does. Until
// then the state is the worst that the episode has reached, so that it cannot flap.
//
// A loop that is late repeatedly has the alerts that a minute may have, then a summary at
// doubling intervals, and alerts only of what is worse than all before.
//
// Three kinds of delay are not the fault of the loop and never graded: what was over before judging
// began (start-up), what was seen while the process stood still, and what a handler had announced.
// They can remain visible as the last completed sample for a while, and are recognised by its value
// then.
#pragma once

#include "judge/alert_budget.hpp"
#include "judge/recurrence.hpp"
#include "model/event.hpp"

#include <loopmon/limits.hpp>

#include <optional>

namespace loopmon::judge {

using loopmon::lag_limits;

/// What the watcher saw of one loop at one moment.
struct loop_observation {
    time_point now{};
    /// The live lag: the largest of the last completed sample and the overdue deadline. Time in
    /// which the process stood still is already taken out.
    duration lag{};
    /// The part of `lag` that is still growing (an overdue deadline); zero when the loop is
    /// on time at this moment.
    duration overdue{};
    model::cause cause =
        model::cause::none; ///< evidence for the delay, cause::none if there is none
    bool exempt = false;    ///< a handler is as long as it said it would be
    /// When the last delay that is over ended; nullopt if unknown.
    std::optional<time_point> ended = {};
    std::uint64_t active_tasks = 0;
};

class loop_judge {
public:
    loop_judge(std::string name, lag_limits limits);

    /// Takes new limits; an episode that is on continues under them.
    void configure(lag_limits limits);

    /// No judgement before this moment (READY plus grace). Initially time_point::max(): never.
    void judge_from(time_point start) { judge_from_ = start; }
    [[nodiscard]] time_point judged_from() const { return judge_from_; }

    /// Grades one observation and appends every transition that follows from it; those that the
    /// budget holds back are marked. Observations come in order of `now`.
    void step(const loop_observation& seen, events& out);

    /// The loop will not be observed any more: an episode that is on ends here.
    void finish(time_point now, events& out);

    /// When step() could say something new, valid until the next call of a non-const member:
    /// next_lag() is how late the deadline that is pending may become before (warn, critical, the
    /// next doubling; half of `warn` while healing, which breaks it), never at or below an
    /// `overdue` that was just observed. It is safe to add to any moment: instead of "no lag" it is
    /// a century. next_check() is the moment regardless of deadlines (recovery, a look for the end
    /// of a delay, end of the grace period, suppressed report), later than the last observation;
    /// time_point::max() for none.
    [[nodiscard]] duration next_lag() const;
    [[nodiscard]] time_point next_check() const;
    /// The lag that would be news: what is late by less than this is not worth an inquiry. Before
    /// judging begins it is that of the beginning.
    [[nodiscard]] duration next_report_lag() const { return next_threshold(); }
    [[nodiscard]] bool judges(time_point now) const { return now >= judge_from_; }
    /// Whether an alert of this lag would be reported, and not held back.
    [[nodiscard]] bool would_report(time_point now, duration lag) const {
        return budget_.allows(now) && !is_usual(now - lag, lag);
    }

    /// Of the last observation, without a completed sample that is not to be graded.
    [[nodiscard]] duration graded_lag() const { return last_.lag; }
    [[nodiscard]] level state() const { return level_; }
    [[nodiscard]] cause why() const { return cause_; }
    [[nodiscard]] std::uint64_t episode() const { return episode_; } ///< of the present or last one
    /// A number for an episode of another kind, so that no two of a loop have the same.
    [[nodiscard]] std::uint64_t new_episode() { return ++last_number_; }
    [[nodiscard]] std::uint64_t n_stalls() const { return n_stalls_; }     ///< episodes so far
    [[nodiscard]] std::uint64_t n_critical() const { return n_critical_; } ///< that went critical
    /// Shared with all other reports about this loop.
    [[nodiscard]] alert_budget& budget() { return budget_; }
    [[nodiscard]] std::uint64_t n_suppressed() const { return budget_.total_suppressed(); }

private:
    [[nodiscard]] loop_observation exempted(const loop_observation& seen);
    void grade(const loop_observation& seen, events& out);
    void begin(const loop_observation& seen);
    void note_delay(const loop_observation& seen);
    void note_series(const loop_observation& seen, events& out);
    [[nodiscard]] delay_series summed(const recurrence::summary& all) const;
    [[nodiscard]] bool is_usual(time_point began, duration lag) const;
    void report(const loop_observation& seen, events& out);
    void end(events& out, bool unwatched);
    [[nodiscard]] duration recovery_threshold() const;
    [[nodiscard]] duration next_threshold() const;
    [[nodiscard]] duration threshold_above(duration lag) const;

    std::string name_;
    lag_limits limits_;
    alert_budget budget_;
    time_point judge_from_ = time_point::max();
    loop_observation last_; ///< as graded
    duration exempt_{};     ///< lag of a completed sample that is not graded; zero: none

    level level_ = level::nominal;
    cause cause_ = cause::none;
    std::uint64_t episode_ = 0;
    std::uint64_t last_number_ = 0; ///< that an episode has got
    std::uint64_t n_stalls_ = 0;
    std::uint64_t n_critical_ = 0;

    recurrence series_;
    cause series_cause_ = cause::unknown;

    // The episode that is on.
    bool reported_ = false;   ///< some record of it got through the budget
    time_point began_{};      ///< start of its first delay
    time_point late_since_{}; ///< start of the delay that was last seen growing
    time_point late_until_{}; ///< end of the last delay, as far as known
    duration peak_{};
    std::optional<time_point> calm_since_; ///< healing since; empty while late
};

} // namespace loopmon::judge
