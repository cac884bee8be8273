// SPDX-License-Identifier: MIT
//
// In a healthy system the number of tasks that are not done stays roughly constant (the article
// "Monitoring async Python"). Two things are wrong otherwise: there are more than `max`, or the
// *minimum* of each window keeps rising, which a burst of work does not cause and a leak does.
#pragma once

#include "judge/alert_budget.hpp"
#include "model/event.hpp"

#include <loopmon/limits.hpp>

#include <deque>
#include <optional>

namespace loopmon::judge {

using loopmon::task_limits;

class tasks_judge {
public:
    tasks_judge(std::string name, task_limits limits);

    /// Takes new limits; windows start again if the leak rule changed.
    void configure(task_limits limits);

    /// No judgement before this moment. Initially time_point::max(): never.
    void judge_from(time_point start) { judge_from_ = start; }

    /// Appends tasks_high when the count passes `max`, tasks_leak when the minimum of a window was
    /// above that of the window before `leak_windows` times in a row, by `leak_min` in all, and
    /// tasks_normal once when neither holds any longer (the count at or under `max`; a window whose
    /// minimum did not rise). Calls come in order of `now`; a window ends with the first call at or
    /// after its end.
    /// @param budget of the loop: what it refuses is not reported, nor is the return to normal from
    /// it
    void step(time_point now, std::uint64_t active_tasks, alert_budget& budget, events& out);

    /// The loop will not be observed any more: what was reported as wrong ends here.
    void finish(std::uint64_t active_tasks, events& out);

private:
    struct moment {
        time_point now;
        std::uint64_t active_tasks;
        alert_budget& budget;
        events& out;
    };

    void check_limit(const moment& at);
    void check_leak(const moment& at);
    void report(const moment& at, event happened);
    [[nodiscard]] bool rose_long_enough() const;
    void restart_windows();

    std::string name_;
    task_limits limits_;
    time_point judge_from_ = time_point::max();
    bool high_ = false;
    bool leaking_ = false;
    bool reported_ = false;                ///< something that is wrong now got through the budget
    std::uint64_t limit_ = 0;              ///< that of the last event, for tasks_normal
    std::optional<time_point> window_end_; ///< empty: the next step starts the first window
    std::uint64_t window_min_ = 0;
    std::deque<std::uint64_t> minima_; ///< of the windows that ended, oldest first
};

} // namespace loopmon::judge
