// SPDX-License-Identifier: MIT
// A judge and a hand that shows it one loop, observation by observation.
#pragma once

#include "judge/loop_judge.hpp"
#include "unit/judge/events_of.hpp"

#include <vector>

namespace loopmon::judge {

struct shown_loop {
    static constexpr time_point start{std::chrono::seconds(1000)};
    static constexpr lag_limits limits{.warn = std::chrono::milliseconds(100),
                                       .critical = std::chrono::seconds(1),
                                       .clear_after = std::chrono::seconds(1),
                                       .alerts_per_minute = 10};

    loop_judge judge{"main", limits};
    events out;

    shown_loop() { judge.judge_from(start); }

    // Times are offsets from `start`.

    /// A deadline that is overdue by `lag`.
    void growing(duration at, duration lag, cause why = cause::none) {
        judge.step({.now = start + at, .lag = lag, .overdue = lag, .cause = why, .active_tasks = 3},
                   out);
    }
    /// No deadline is overdue, the last sample was late by `lag`.
    void completed(duration at, duration lag, cause why = cause::none) {
        judge.step({.now = start + at,
                    .lag = lag,
                    .overdue = duration::zero(),
                    .cause = why,
                    .active_tasks = 3},
                   out);
    }
    void punctual(duration at) { completed(at, duration::zero()); }

    [[nodiscard]] std::vector<stall> stalls() const { return events_of<stall>(out); }
    [[nodiscard]] std::vector<recovered> recoveries() const { return events_of<recovered>(out); }
};

} // namespace loopmon::judge
