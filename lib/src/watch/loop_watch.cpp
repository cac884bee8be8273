// SPDX-License-Identifier: MIT
#include "watch/loop_watch.hpp"

#include "measure/turn_lag.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <type_traits>
#include <utility>
#include <variant>

namespace loopmon::watch {

namespace {

report::bucket_list list_of(const measure::bucket_counts& counts) {
    report::bucket_list out;
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        if (counts.counts[bucket] != 0) {
            out.emplace_back(measure::bucket_upper_bound(bucket), counts.counts[bucket]);
        }
    }
    return out;
}

std::string name_of(const measure::running_handler& handler) {
    return std::string(handler.object) + '.' + handler.operation;
}

} // namespace

loop_watch::loop_watch(time_point now, loop_settings settings,
                       std::shared_ptr<measure::loop_state> loop,
                       std::shared_ptr<measure::lag_gauge> gauge, investigator& finder)
    : settings_(std::move(settings)),
      loop_(std::move(loop)),
      gauge_(std::move(gauge)),
      finder_(finder),
      lateness_(loop_, gauge_),
      judge_(settings_.name, settings_.lag),
      tasks_judge_(settings_.name, settings_.tasks),
      window_(now) {
    reset_statistics(now);
}

void loop_watch::configure(loop_settings settings) {
    settings_ = std::move(settings);
    gauge_->set_interval(settings_.interval);
    judge_.configure(settings_.lag);
    tasks_judge_.configure(settings_.tasks);
    next_ = settled_ = time_point::min();
}

void loop_watch::judge_from(time_point start) {
    judge_.judge_from(start);
    tasks_judge_.judge_from(start);
    next_ = settled_ = time_point::min();
}

bool loop_watch::step(const round& at, judge::events& out) {
    if (at.now < next_) {
        return false;
    }
    const auto noticeable = settings_.lag.warn / 2;
    bool changed = false;
    // Most loops are on time at most looks, and there may be a thousand.
    if (at.now < settled_ && tracked_ == lateness_.turns_seen() &&
        !lateness_.stirs(at.now, noticeable)) {
        is_.since = lateness_.due();
    } else {
        changed = look(at, out);
        const bool calm = judge_.state() == judge::level::nominal && is_.lag() < noticeable;
        settled_ = calm ? at.now + lag_window::slot_length : at.now;
    }
    next_ = plan(at);
    return changed;
}

bool loop_watch::look(const round& at, judge::events& out) {
    if (!tracked_ && lateness_.turns_seen()) { // the lag is computed from turns, of which none is
        tracked_ = true;                       // missing, and no more from the samples so far
        window_ = lag_window(baseline_->when);
        baseline_->recorded = {};
    }
    is_ = lateness_.look(at.now, settings_.lag.warn / 2, at.pauses);
    collect_max();
    window_.step(at.now, recorded(), loop_->tracking().totals().busy);
    investigate(at, is_);

    seen_ = {.now = at.now,
             .lag = is_.lag(),
             .overdue = is_.growing,
             .why = is_.growing > duration::zero() ? why_ : judge::cause::none,
             .excused = is_.expected && at.now < is_.expected->until,
             .active_tasks = loop_->tasks().active()};
    const auto stalls_before = judge_.n_stalls();
    const auto grade_before = std::pair(judge_.state(), judge_.why());
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    expect(at, is_, out);
    judge_.step(seen_, out);
    for (auto told = out.begin() + first; told != out.end(); ++told) {
        if (auto* const stall = std::get_if<judge::stall>(&*told)) {
            stall->who = who_;
        }
    }
    remember(at.now, stalls_before, grade_before.first);
    tasks_judge_.step(at.now, seen_.active_tasks, judge_.budget(), out);
    return std::pair(judge_.state(), judge_.why()) != grade_before;
}

// The first look is due at half of the lateness that is news, the second when it is.
void loop_watch::investigate(const round& at, const lateness::reading& is) {
    const auto id = lateness_.id();
    if (is.growing == duration::zero() || id != investigated_) {
        investigation_.reset();
        concluded_at_ = {};
        why_ = judge::cause::none;
    }
    const auto news = std::min(judge_.next_lag(), at.trip_lag);
    if (is.growing < news / 2 || is.growing == duration::zero() || lateness_.thread() == 0) {
        return;
    }
    if (!investigation_) {
        who_ = {};
        investigated_ = id;
        investigation_ = finder_.begin(lateness_.thread(), at.now);
    }
    const bool trips = is.growing >= at.trip_lag && concluded_at_ < at.trip_lag;
    if (is.growing >= judge_.next_lag() || trips) {
        conclude(at, is.growing);
    }
}

void loop_watch::conclude(const round& at, duration lag) {
    concluded_at_ = lag;
    const auto handler = lateness_.handler();
    const auto id = lateness_.id();
    suspicion of{.lag = lag,
                 .handler_age = {},
                 .handlers_in_turn = loop_->tracking().turn().handlers,
                 .with_stack = at.stacks && judge_.budget().allows(at.now),
                 .still = [this, id, sequence = handler ? handler->sequence : 0] {
                     const auto present = lateness_.handler();
                     return lateness_.id() == id && (present ? present->sequence : 0) == sequence;
                 }};
    if (handler) {
        of.handler_age = std::max(duration::zero(), duration(at.now - handler->began));
    }
    auto found = investigation_->conclude(at.now, of);
    why_ = found.why;
    who_ = std::move(found.who);
    if (handler) {
        who_.handler = name_of(*handler);
        if (const auto task = measure::find_task(handler->task)) {
            who_.task = task->name;
            who_.spawned = task->file + ':' + std::to_string(task->line);
        }
    }
    if (loop_->tracking().active()) {
        who_.pending = pending();
        who_.has_pending = true;
    }
}

void loop_watch::expect(const round& at, const lateness::reading& is, judge::events& out) {
    if (!seen_.excused || is.growing < settings_.lag.warn || told_expectation_ == is.expected->id) {
        return;
    }
    told_expectation_ = is.expected->id;
    ++n_expected_;
    if (judge_.budget().spend(at.now)) {
        out.emplace_back(judge::expected_long{.loop = settings_.name,
                                              .reason = is.expected->reason,
                                              .lag = is.growing,
                                              .allowed = is.expected->until - is.expected->began});
    }
}

void loop_watch::remember(time_point now, std::uint64_t stalls_before, judge::level before) {
    const auto wall = std::chrono::system_clock::now();
    const auto seen = [this] {
        return judge::stall{.loop = settings_.name,
                            .episode = judge_.episode(),
                            .severity = judge_.state(),
                            .lag = seen_.lag,
                            .why = judge_.why(),
                            .active_tasks = seen_.active_tasks,
                            .who = who_};
    };
    if (judge_.n_stalls() != stalls_before) {
        last_stall_ = wall;
        stalls_.began(seen(), now, wall);
    } else if (is_.growing > duration::zero() && concluded_at_ == is_.growing) {
        stalls_.updated(seen());
    }
    if (before != judge::level::nominal && judge_.state() == judge::level::nominal) {
        stalls_.ended(judge_.episode(), judge_.lasted(), judge_.why());
    }
    history_.step(now, wall, std::max(std::exchange(history_max_, {}), is_.growing),
                  seen_.active_tasks, pending());
}

time_point loop_watch::plan(const round& at) const {
    auto next = judge_.next_check();
    if (is_.since) {
        auto lag = judge_.next_lag();
        if (is_.growing < at.trip_lag) {
            lag = std::min(lag, at.trip_lag);
        }
        // A lateness that is half of it already has been looked at.
        next = std::min(next, *is_.since + (is_.growing < lag / 2 ? lag / 2 : lag));
    }
    if (is_.expected) {
        next = std::min(next, is_.expected->until);
    }
    if (tracked_) { // whether a turn has begun is only seen by looking
        next = std::min(next, at.now + settings_.lag.warn);
    }
    return next;
}

judge::loop_vitals loop_watch::vitals() const {
    return {.name = settings_.name,
            .critical = settings_.critical,
            .lag = seen_.excused ? duration::zero() : seen_.lag,
            .overdue = seen_.overdue > duration::zero() && !seen_.excused,
            .progress = gauge_->samples(),
            .why = judge_.why(),
            .episode = judge_.episode(),
            .active_tasks = seen_.active_tasks};
}

void loop_watch::collect_max() {
    const auto max = lateness_.take_max();
    lag_max_ = std::max(lag_max_, max);
    history_max_ = std::max(history_max_, max);
    window_.note(max);
}

std::uint64_t loop_watch::pending() const {
    const auto live = loop_->tracking().totals().live();
    const auto running = loop_->tracking().running().size();
    return live - std::min<std::uint64_t>(live, running);
}

report::loop_status loop_watch::status(time_point now, const pause_ledger& pauses) {
    collect_max();
    const auto is = lateness_.peek(now, pauses);
    report::loop_status out{.name = settings_.name,
                            .critical = settings_.critical,
                            .state = judge_.state(),
                            .why = judge_.why(),
                            .lag = is.lag(),
                            .lag_sample = gauge_->last().lag,
                            .lag_max = std::max(lag_max_, is.growing),
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
    const auto& tracking = loop_->tracking();
    out.tracking = tracking.active();
    if (out.tracking) {
        const auto totals = tracking.totals();
        out.n_handlers = totals.finished + totals.threw;
        out.pending_handlers = pending();
        if (const auto handler = lateness_.handler()) {
            out.running_handler = name_of(*handler);
            if (const auto task = measure::find_task(handler->task)) {
                out.running_task = task->name;
            }
        }
        const auto sum = window_.over(now, settings_.window, recorded(), busy(now));
        const auto available = sum.covered * std::max(1U, tracking.threads());
        if (available > duration::zero()) {
            using seconds = std::chrono::duration<double>;
            out.utilization = std::clamp(seconds(sum.busy) / seconds(available), 0.0, 1.0);
        }
    }
    return out;
}

/// The time that the loop was busy, the handlers that run included.
duration loop_watch::busy(time_point now) const {
    auto sum = loop_->tracking().totals().busy;
    for (const auto& running : loop_->tracking().running()) {
        sum += std::max(duration::zero(), duration(now - running.began));
    }
    return sum;
}

/// What the lag is computed from: turns if they are seen, samples otherwise.
const measure::histogram& loop_watch::recorded() const {
    return tracked_ ? loop_->tracking().turns() : gauge_->lags();
}

measure::bucket_counts loop_watch::lags(const measure::bucket_counts& counts,
                                        duration elapsed) const {
    return tracked_ ? measure::lag_of_turns(counts, elapsed) : counts;
}

report::lag_summary loop_watch::window(time_point now) const {
    auto sum = window_.over(now, settings_.window, recorded(), {});
    if (const auto turn = loop_->tracking().turn(); tracked_ && turn.began) {
        const auto so_far = std::max(duration::zero(), duration(now - *turn.began));
        measure::add_turn(sum.counts, so_far);
        sum.max = std::max(sum.max, so_far);
    }
    return summarise(lags(sum.counts, sum.covered), sum.max);
}

std::vector<report::task_status> loop_watch::tasks(time_point now) const {
    std::set<std::uint64_t> running; // tasks one of whose handlers runs
    for (const auto& handler : loop_->tracking().running()) {
        if (const auto task = measure::find_task(handler.task)) {
            running.insert(task->id);
        }
    }
    std::vector<report::task_status> out;
    for (auto& task : loop_->tasks().list()) {
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

std::optional<report::bucket_list> loop_watch::histogram(time_point now,
                                                         report::histogram_kind kind) const {
    const auto since = [](measure::bucket_counts counts, const measure::bucket_counts& then) {
        counts -= then;
        return counts;
    };
    const auto& tracking = loop_->tracking();
    switch (kind) {
    case report::histogram_kind::lag:
        return list_of(lags(since(recorded().copy(), baseline_->recorded), now - baseline_->when));
    case report::histogram_kind::queue:
        if (tracking.active()) {
            return list_of(since(tracking.queue_delays(), baseline_->queue));
        }
        break;
    case report::histogram_kind::run:
        if (tracking.active()) {
            return list_of(since(tracking.run_times(), baseline_->run));
        }
        break;
    }
    return std::nullopt;
}

std::vector<report::stall_status> loop_watch::stalls(time_point now) const {
    return stalls_.list(now);
}

std::vector<report::history_entry> loop_watch::history() const {
    return history_.list();
}

void loop_watch::reset_statistics(time_point now) {
    (void)lateness_.take_max();
    lag_max_ = {};
    baseline_ = std::make_unique<baseline>(baseline{
        now, recorded().copy(), loop_->tracking().queue_delays(), loop_->tracking().run_times()});
}

} // namespace loopmon::watch
