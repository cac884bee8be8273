// SPDX-License-Identifier: MIT
#include "watch/loop_statistics.hpp"

#include "measure/task_table.hpp"
#include "measure/turn_lag.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace loopmon::watch {

namespace {

constexpr std::uint64_t ns_per_us = 1000; // what is shown of turns are microseconds of time

model::bucket_list list_of(const measure::bucket_counts& counts) {
    model::bucket_list out;
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        if (counts.counts[bucket] != 0) {
            out.emplace_back(measure::bucket_upper_bound(bucket), counts.counts[bucket]);
        }
    }
    return out;
}

measure::bucket_counts since(measure::bucket_counts counts, const measure::bucket_counts& then) {
    counts -= then;
    return counts;
}

measure::bucket_counts in_microseconds(measure::bucket_counts nanoseconds) {
    for (auto& count : nanoseconds.counts) {
        count /= ns_per_us;
    }
    return nanoseconds;
}

} // namespace

loop_statistics::loop_statistics(time_point now, std::shared_ptr<measure::loop_state> loop,
                                 std::shared_ptr<measure::lag_gauge> gauge)
    : loop_(std::move(loop)), gauge_(std::move(gauge)), window_(now) {
    reset(now);
}

void loop_statistics::use_turns() {
    by_turns_ = true;
    window_ = lag_window(baseline_->when, ns_per_us);
    baseline_->recorded = {};
}

void loop_statistics::note(duration max) {
    max_ = std::max(max_, max);
    recent_max_ = std::max(recent_max_, max);
    window_.note(max);
}

void loop_statistics::step(time_point now) {
    if (window_.due(now)) {
        window_.step(now, recorded(now), loop_->tracking().totals().busy);
    }
}

void loop_statistics::reset(time_point now) {
    max_ = {};
    baseline_ = std::make_unique<baseline>(baseline{
        now, recorded(now), loop_->tracking().queue_delays(), loop_->tracking().run_times()});
}

std::uint64_t loop_statistics::pending() const {
    const auto live = loop_->tracking().totals().live();
    const auto running = loop_->tracking().running().size();
    return live - std::min<std::uint64_t>(live, running);
}

void loop_statistics::show(model::loop_status& out, time_point now, duration window,
                           duration growing) const {
    out.lag_max = std::max(max_, growing);
    out.active_tasks = loop_->tasks().active();
    const auto& tracking = loop_->tracking();
    out.tracking = tracking.active();
    if (!out.tracking) {
        return;
    }
    const auto totals = tracking.totals();
    out.n_handlers = totals.finished + totals.threw;
    out.pending_handlers = pending();
    const auto sum = window_.over(now, window, {}, busy(now));
    const auto available = sum.covered * std::max(1U, tracking.threads());
    if (available > duration::zero()) {
        using seconds = std::chrono::duration<double>;
        out.utilization = std::clamp(seconds(sum.busy) / seconds(available), 0.0, 1.0);
    }
}

model::lag_summary loop_statistics::window(time_point now, duration length) const {
    if (!by_turns_) {
        const auto sum = window_.over(now, length, recorded(now), {});
        return summarise(sum.counts, sum.max);
    }
    const auto lag = loop_->tracking().lag(now);
    auto sum = window_.over(now, length, lag.settled, {});
    sum.counts += in_microseconds(lag.open);
    measure::add_time_without_lag(sum.counts, sum.covered);
    return summarise(sum.counts, std::max<duration>(sum.max, lag.longest_open));
}

std::optional<model::bucket_list> loop_statistics::histogram(time_point now,
                                                             model::histogram_kind kind) const {
    const auto& tracking = loop_->tracking();
    switch (kind) {
    case model::histogram_kind::lag:
        return list_of(lags_since_baseline(now));
    case model::histogram_kind::queue:
        if (tracking.active()) {
            return list_of(since(tracking.queue_delays(), baseline_->queue));
        }
        break;
    case model::histogram_kind::run:
        if (tracking.active()) {
            return list_of(since(tracking.run_times(), baseline_->run));
        }
        break;
    }
    return std::nullopt;
}

measure::bucket_counts loop_statistics::recorded(time_point now) const {
    return by_turns_ ? loop_->tracking().lag(now).settled : gauge_->lags().copy();
}

measure::bucket_counts loop_statistics::lags_since_baseline(time_point now) const {
    if (!by_turns_) {
        return since(recorded(now), baseline_->recorded);
    }
    const auto lag = loop_->tracking().lag(now);
    auto sum = lag.settled;
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        auto& count = sum.counts[bucket]; // of a loop that turned meanwhile one turn may be missing
        count -= std::min(count, baseline_->recorded.counts[bucket]);
    }
    sum = in_microseconds(sum);
    sum += in_microseconds(lag.open);
    measure::add_time_without_lag(sum, now - baseline_->when);
    return sum;
}

/// The time that the loop was busy, the handlers that run included.
duration loop_statistics::busy(time_point now) const {
    auto sum = loop_->tracking().totals().busy;
    for (const auto& running : loop_->tracking().running()) {
        sum += std::max(duration::zero(), duration(now - running.began));
    }
    return sum;
}

std::vector<model::task_status> list_tasks(const measure::loop_state& loop, time_point now,
                                           std::uint64_t after, std::size_t most) {
    std::set<std::uint64_t> running; // tasks one of whose handlers runs
    for (const auto& handler : loop.tracking().running()) {
        if (const auto task = measure::find_task(handler.task)) {
            running.insert(task->id);
        }
    }
    std::vector<model::task_status> out;
    for (auto& task : loop.tasks().list(after, most)) {
        out.push_back({.id = task.id,
                       .name = std::move(task.name),
                       .spawned = task.file + ":" + std::to_string(task.line),
                       .age = std::max(duration::zero(), duration(now - task.began)),
                       .run_time = task.run_time,
                       .pending = task.handlers - (task.handlers != 0 ? running.count(task.id) : 0),
                       .parent = task.parent,
                       .offloaded = task.offloaded});
    }
    return out;
}

std::vector<model::task_group> group_tasks(const measure::loop_state& loop, time_point now,
                                           std::size_t most) {
    std::map<std::string, model::task_group, std::less<>> groups;
    loop.tasks().visit([&](const measure::task_info& task) {
        const bool known = groups.size() < most || groups.count(task.name) != 0;
        auto& group = groups[known ? task.name : std::string()];
        ++group.count;
        group.oldest = std::max(group.oldest, duration(now - task.began));
        group.run_time += task.run_time;
    });
    std::vector<model::task_group> out;
    out.reserve(groups.size());
    for (auto& [name, group] : groups) {
        group.name = name;
        out.push_back(std::move(group));
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const auto& a, const auto& b) { return a.count > b.count; });
    return out;
}

} // namespace loopmon::watch
