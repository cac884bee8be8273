// SPDX-License-Identifier: MIT
#include "watch/loop_watch.hpp"

#include <algorithm>
#include <utility>

namespace loopmon::watch {

loop_watch::loop_watch(time_point now, loop_settings settings,
                       std::shared_ptr<measure::loop_state> loop,
                       std::shared_ptr<measure::lag_gauge> gauge)
    : settings_(std::move(settings)),
      loop_(std::move(loop)),
      gauge_(std::move(gauge)),
      judge_(settings_.name, settings_.lag),
      tasks_judge_(settings_.name, settings_.tasks),
      window_(now) {}

void loop_watch::configure(loop_settings settings) {
    settings_ = std::move(settings);
    gauge_->set_interval(settings_.interval);
    judge_.configure(settings_.lag);
    tasks_judge_.configure(settings_.tasks);
}

void loop_watch::judge_from(time_point start) {
    judge_.judge_from(start);
    tasks_judge_.judge_from(start);
}

void loop_watch::check_running(time_point now) {
    const auto deadline = gauge_->deadline();
    // Asking the context takes its mutex, so only a loop that looks late is asked.
    if (!deadline || now - *deadline < settings_.lag.warn / 2) {
        return;
    }
    if (!loop_->running()) {
        gauge_->disregard(*deadline);
        excuse_ = {*deadline, now, true};
    } else if (excuse_.stopped && excuse_.deadline == *deadline) {
        excuse_.from = now;
        excuse_.stopped = false;
    }
}

loop_watch::lateness loop_watch::late(time_point now, const pause_ledger& pauses) const {
    const auto counted = [&](time_point from, time_point end) {
        return std::max(duration::zero(), (end - from) - pauses.excluded(from, end));
    };
    lateness is;
    if (const auto deadline = gauge_->deadline(); deadline && now > *deadline) {
        const bool excused = *deadline == excuse_.deadline;
        is.overdue = excused && excuse_.stopped ? duration::zero()
                                                : counted(excused ? excuse_.from : *deadline, now);
    }
    const auto last = gauge_->last();
    is.sample = counted(last.deadline, last.deadline + last.lag);
    return is;
}

void loop_watch::collect_max() {
    const auto max = gauge_->take_max();
    lag_max_ = std::max(lag_max_, max);
    window_.note(max);
}

bool loop_watch::step(time_point now, const pause_ledger& pauses, judge::events& out) {
    check_running(now);
    collect_max();
    window_.step(now, gauge_->lags());

    const auto is = late(now, pauses);
    const auto deadline = gauge_->deadline();
    pause_offset_ = deadline && now > *deadline ? (now - *deadline) - is.overdue : duration::zero();
    seen_ = {.now = now,
             .lag = std::max(is.sample, is.overdue),
             .overdue = is.overdue,
             .why = judge::cause::none,
             .active_tasks = loop_->tasks().active()};
    const auto stalls_before = judge_.n_stalls();
    const auto grade_before = std::pair(judge_.state(), judge_.why());
    judge_.step(seen_, out);
    if (judge_.n_stalls() != stalls_before) {
        last_stall_ = std::chrono::system_clock::now();
    }
    tasks_judge_.step(now, seen_.active_tasks, judge_.budget(), out);
    return std::pair(judge_.state(), judge_.why()) != grade_before;
}

time_point loop_watch::next_check(duration trip_lag) const {
    auto next = judge_.next_check();
    if (const auto deadline = gauge_->deadline(); deadline && !excuse_.stopped) {
        auto lag = judge_.next_lag();
        if (seen_.overdue < trip_lag) {
            lag = std::min(lag, trip_lag);
        }
        next = std::min(next, *deadline + pause_offset_ + lag);
    }
    return next;
}

judge::loop_vitals loop_watch::vitals() const {
    return {.name = settings_.name,
            .critical = settings_.critical,
            .lag = seen_.lag,
            .overdue = seen_.overdue > duration::zero(),
            .progress = gauge_->samples(),
            .why = judge_.why(),
            .episode = judge_.episode(),
            .active_tasks = seen_.active_tasks};
}

report::loop_status loop_watch::status(time_point now, const pause_ledger& pauses) {
    collect_max();
    const auto is = late(now, pauses);
    return {.name = settings_.name,
            .critical = settings_.critical,
            .state = judge_.state(),
            .why = judge_.why(),
            .lag = std::max(is.sample, is.overdue),
            .lag_sample = gauge_->last().lag,
            .lag_max = lag_max_,
            .window = settings_.window,
            .active_tasks = loop_->tasks().active(),
            .n_samples = gauge_->samples(),
            .n_stalls = judge_.n_stalls(),
            .n_critical = judge_.n_critical(),
            .n_suppressed = judge_.n_suppressed(),
            .interval = settings_.interval,
            .warn = settings_.lag.warn,
            .critical_lag = settings_.lag.critical,
            .last_stall = last_stall_};
}

report::lag_summary loop_watch::window(time_point now) const {
    return window_.over(now, settings_.window, gauge_->lags());
}

std::vector<report::task_status> loop_watch::tasks(time_point now) const {
    std::vector<report::task_status> out;
    for (auto& task : loop_->tasks().list()) {
        out.push_back({.id = task.id,
                       .name = std::move(task.name),
                       .spawned = task.file + ":" + std::to_string(task.line),
                       .age = std::max(duration::zero(), duration(now - task.began))});
    }
    return out;
}

report::bucket_list loop_watch::histogram() const {
    auto counts = gauge_->lags().copy();
    if (reset_at_) {
        counts -= *reset_at_;
    }
    report::bucket_list out;
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        if (counts.counts[bucket] != 0) {
            out.emplace_back(measure::bucket_upper_bound(bucket), counts.counts[bucket]);
        }
    }
    return out;
}

void loop_watch::reset_statistics() {
    (void)gauge_->take_max();
    lag_max_ = {};
    reset_at_ = std::make_unique<measure::bucket_counts>(gauge_->lags().copy());
}

} // namespace loopmon::watch
