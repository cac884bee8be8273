// SPDX-License-Identifier: MIT
#include "judge/tasks_judge.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace loopmon::judge {

tasks_judge::tasks_judge(std::string name, task_limits limits)
    : name_(std::move(name)), limits_(limits) {}

void tasks_judge::configure(task_limits limits) {
    const bool same_rule = limits.leak_windows == limits_.leak_windows &&
                           limits.leak_window == limits_.leak_window &&
                           limits.leak_min == limits_.leak_min;
    limits_ = limits;
    if (!same_rule) {
        restart_windows();
    }
}

void tasks_judge::step(time_point now, std::uint64_t active_tasks, alert_budget& budget,
                       events& out) {
    if (now < judge_from_) {
        restart_windows(); // start-up creates tasks: that rise is none
        return;
    }
    const bool was_wrong = high_ || leaking_;
    const moment at{now, active_tasks, budget, out};
    check_limit(at);
    check_leak(at);
    if (was_wrong && !high_ && !leaking_ && std::exchange(reported_, false)) {
        out.push_back(tasks_normal{name_, active_tasks, limit_});
    }
}

void tasks_judge::finish(std::uint64_t active_tasks, events& out) {
    if (std::exchange(reported_, false)) {
        out.push_back(tasks_normal{name_, active_tasks, limit_, true});
    }
    high_ = leaking_ = false;
}

void tasks_judge::report(const moment& at, event happened) {
    if (!at.budget.spend(at.now)) {
        return;
    }
    reported_ = true;
    at.out.push_back(std::move(happened));
}

void tasks_judge::check_limit(const moment& at) {
    const bool high = limits_.max != 0 && at.active_tasks > limits_.max;
    if (high && !high_) {
        limit_ = limits_.max;
        report(at, tasks_high{name_, at.active_tasks, limit_});
    }
    high_ = high;
}

void tasks_judge::check_leak(const moment& at) {
    if (limits_.leak_windows == 0) {
        leaking_ = false;
        return;
    }
    if (window_end_ && at.now < *window_end_) {
        window_min_ = std::min(window_min_, at.active_tasks);
        return;
    }
    if (window_end_) {
        if (!minima_.empty() && window_min_ <= minima_.back()) {
            leaking_ = false;
        }
        minima_.push_back(window_min_);
        if (minima_.size() > std::size_t{limits_.leak_windows} + 1) {
            minima_.pop_front();
        }
        if (!leaking_ && rose_long_enough()) {
            leaking_ = true;
            limit_ = minima_.front();
            report(at, tasks_leak{name_, at.active_tasks, limit_, limits_.leak_windows,
                                  limits_.leak_window});
        }
    }
    // From `now`, not from the old end: nothing was counted in a gap, so no window is made of it.
    window_end_ = at.now + limits_.leak_window;
    window_min_ = at.active_tasks;
}

bool tasks_judge::rose_long_enough() const {
    return minima_.size() == std::size_t{limits_.leak_windows} + 1 &&
           std::adjacent_find(minima_.begin(), minima_.end(), std::greater_equal<>{}) ==
               minima_.end() &&
           minima_.back() - minima_.front() >= limits_.leak_min;
}

void tasks_judge::restart_windows() {
    window_end_.reset();
    minima_.clear();
}

} // namespace loopmon::judge
