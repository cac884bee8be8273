// SPDX-License-Identifier: MIT
//
// The part of loop_watch that shows what is known, and changes nothing of it.
#include "watch/loop_watch.hpp"

#include "watch/handler_name.hpp"

namespace loopmon::watch {

judge::loop_vitals loop_watch::vitals() const {
    return {.name = settings_.name,
            .critical = settings_.critical,
            .judge_from = judge_.judged_from(),
            .lag = observation_.exempt ? duration::zero() : judge_.graded_lag(),
            .overdue = observation_.overdue >= noticeable() && !observation_.exempt,
            .progress = gauge_->samples() + loop_->tracking().turn().sequence,
            .cause = judge_.why(),
            .episode = judge_.episode(),
            .active_tasks = observation_.active_tasks};
}

void loop_watch::collect_max() {
    statistics_.note(delay_.take_max());
}

model::loop_status loop_watch::status(time_point now, const pause_ledger& pauses) {
    collect_max();
    const auto is = delay_.peek(now, pauses);
    model::loop_status out{.name = settings_.name,
                           .critical = settings_.critical,
                           .state = judge_.state(),
                           .cause = judge_.why(),
                           .lag = is.lag(),
                           .lag_sample = delay_.sample(pauses),
                           .window = settings_.window,
                           .active_tasks = loop_->tasks().active(),
                           .n_samples = gauge_->samples(),
                           .n_stalls = judge_.n_stalls(),
                           .n_critical = judge_.n_critical(),
                           .n_suppressed = judge_.n_suppressed(),
                           .interval = settings_.interval,
                           .warn = settings_.lag.warn,
                           .critical_lag = settings_.lag.critical,
                           .last_stall = last_stall_,
                           .n_expected = n_expected_};
    if (const auto handler = delay_.handler()) {
        out.running_handler = name_of(handler->object, handler->operation);
        if (const auto task = measure::find_task(handler->task)) {
            out.running_task = task->name;
        }
    }
    out.busy_threads = count_busy_threads(*loop_, now, settings_.lag.critical, pauses);
    statistics_.show(out, now, settings_.window, is.growing);
    return out;
}

model::lag_summary loop_watch::window(time_point now) const {
    return statistics_.window(now, settings_.window);
}

std::vector<model::task_status> loop_watch::tasks(time_point now, std::uint64_t after,
                                                  std::size_t most) const {
    return list_tasks(*loop_, now, after, most);
}

std::vector<model::task_group> loop_watch::task_groups(time_point now, std::size_t most) const {
    return group_tasks(*loop_, now, most);
}

std::optional<model::bucket_list> loop_watch::histogram(time_point now,
                                                        model::histogram_kind kind) const {
    return statistics_.histogram(now, kind);
}

std::vector<model::stall_status> loop_watch::stalls(time_point now) const {
    return stalls_.list(now);
}

std::vector<model::history_entry> loop_watch::history() const {
    return history_.list();
}

void loop_watch::reset_statistics(time_point now) {
    delay_.reset_max(now);
    statistics_.reset(now);
}

} // namespace loopmon::watch
