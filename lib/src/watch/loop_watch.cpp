// SPDX-License-Identifier: MIT
#include "watch/loop_watch.hpp"

#include "base/attempt.hpp"
#include "watch/handler_name.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <new>
#include <utility>
#include <variant>

namespace loopmon::watch {

namespace {

// A cause that does not trip may give way to one that does: a starved thread to a deadlock. What
// the watchdog is told may be out of date by this.
constexpr auto inquiry_period = std::chrono::seconds(1);

judge::lateness_series* series_of(judge::event& happened) {
    if (auto* const on = std::get_if<judge::recurring>(&happened)) {
        return on;
    }
    return std::get_if<judge::recurring_over>(&happened);
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
      backlog_judge_(settings_.name),
      statistics_(now, loop_, gauge_),
      busy_(settings_.name, loop_, finder_) {
    keep_long_turns();
}

void loop_watch::configure(loop_settings settings) {
    settings_ = std::move(settings);
    gauge_->set_interval(settings_.interval);
    keep_long_turns();
    judge_.configure(settings_.lag);
    tasks_judge_.configure(settings_.tasks);
    next_ = settled_ = time_point::min();
}

// What is not noticeable is no part of a stall.
void loop_watch::keep_long_turns() {
    loop_->tracking().ended_turns().keep_from(settings_.lag.warn / 2);
}

void loop_watch::judge_from(time_point start) {
    judge_.judge_from(start);
    tasks_judge_.judge_from(start);
    next_ = settled_ = time_point::min();
}

bool loop_watch::step(const round& at, judge::events& out) {
    if (at.now < next_ && at.trip_lag == trip_lag_) {
        return false;
    }
    trip_lag_ = at.trip_lag;
    bool changed = false;
    // Most loops are on time at most looks, and there may be a thousand.
    if (at.now < std::min(settled_, judge_.next_check()) &&
        statistics_.by_turns() == lateness_.turns_seen() &&
        !lateness_.stirs(at.now, noticeable(), at.pauses)) {
        is_.since = lateness_.due();
        is_.growing = {};
    } else {
        changed = look(at, out);
        const bool calm = judge_.state() == judge::level::nominal && is_.lag() < noticeable();
        settled_ = calm ? at.now + lag_window::slot_length : at.now;
    }
    look_at_threads(at, out);
    look_at_queue(at, out);
    next_ = std::min({plan(at), busy_.next_check(), backlog_judge_.next_check()});
    return changed;
}

void loop_watch::look_at_threads(const round& at, judge::events& out) {
    if (!judge_.judges(at.now)) {
        return;
    }
    const auto number = std::function([this] { return judge_.new_episode(); });
    busy_.step({at.now, at.pauses, settings_.lag.critical, at.stacks, loop_->tasks().active(),
                judge_.budget(), number},
               lateness_.outlasting(), out);
}

void loop_watch::look_at_queue(const round& at, judge::events& out) {
    const auto worst = longest_wait(at);
    if (judge_.judges(at.now)) {
        const auto number = std::function([this] { return judge_.new_episode(); });
        backlog_judge_.step(
            {at.now, settings_.lag, loop_->tasks().active(), judge_.budget(), number}, worst, out);
    }
}

// A wait is no news as far as the loop was late in that time, or nobody was to be judged.
std::optional<judge::late_work> loop_watch::longest_wait(const round& at) {
    auto& tracking = loop_->tracking();
    const auto least = settings_.lag.warn / 2;
    const auto longest = tracking.active() ? tracking.take_longest_wait(least) : std::nullopt;
    if (!longest || is_.growing >= least) {
        return std::nullopt;
    }
    auto from = std::max(time_point(longest->began - longest->waited), judge_.judged_from());
    if (const auto late_until = last_lateness_ended()) {
        from = std::max(from, *late_until);
    }
    const auto waited = (longest->began - from) - at.pauses.excluded(from, longest->began);
    if (waited < least) {
        return std::nullopt;
    }
    judge::culprit who;
    identify(who, longest->object, longest->operation, longest->task);
    return judge::late_work{longest->began, waited, who.handler, who.task, who.spawned};
}

bool loop_watch::look(const round& at, judge::events& out) {
    if (!statistics_.by_turns() && lateness_.turns_seen()) {
        statistics_.turn_to_turns();
    }
    is_ = lateness_.look(at.now, noticeable(), at.pauses);
    collect_max();
    base::attempt([&] { statistics_.step(at.now); });
    try {
        investigate(at, is_);
    } catch (const std::bad_alloc&) { // who it is remains unknown, that it is late does not
        investigation_.reset();
    }

    seen_ = {.now = at.now,
             .lag = is_.lag(),
             .overdue = is_.growing,
             .why = cause_at(at),
             .excused = is_.expected && at.now < is_.expected->until,
             .ended = last_lateness_ended(),
             .active_tasks = loop_->tasks().active()};
    const auto grade_before = std::pair(judge_.state(), judge_.why());
    base::attempt([&] { expect(at, is_, out); });
    const auto first = out.size();
    base::attempt([&] { judge_.step(seen_, out); }); // its state is right, whatever is lost of it
    base::attempt([&] { remember(at.now, out, first); });
    base::attempt([&] { note_history(at.now); });
    tasks_judge_.step(at.now, seen_.active_tasks, judge_.budget(), out);
    return std::pair(judge_.state(), judge_.why()) != grade_before;
}

// The first look is due at half of the lateness that is news, the second when it is. One that might
// trip, but for a cause that does not, is looked at again and again: the cause may be another now.
void loop_watch::investigate(const round& at, const lateness::reading& is) {
    const auto id = lateness_.id();
    if (is.growing == duration::zero() || id != investigated_) {
        investigation_.reset();
        concluded_at_ = {};
        why_ = judge::cause::none;
        if (judge_.state() == judge::level::nominal) {
            who_ = {};
        }
    }
    const auto news = judge_.next_news();
    const auto thread = lateness_.thread();
    if (is.growing == duration::zero() || is.growing < std::min(news, at.trip_lag) / 2 ||
        thread == 0) {
        return;
    }
    if (!investigation_ || thread != suspect_) {
        who_ = {};
        investigated_ = id;
        suspect_ = thread;
        investigation_ = finder_.begin(thread, at.now);
    }
    if (!judge_.judges(at.now) || (is.expected && at.now < is.expected->until)) {
        return; // nobody is told of it
    }
    if (is.growing >= at.trip_lag && concluded_at_ < at.trip_lag) {
        conclude(at, is.growing, at.stacks); // no budget limits what is told of a trip
    } else if (is.growing >= news) {
        conclude(at, is.growing, at.stacks && judge_.would_report(at.now, is.growing));
    } else if (is.growing >= at.trip_lag && is.growing >= concluded_at_ + inquiry_period) {
        conclude(at, is.growing, at.stacks, why_);
    }
}

duration loop_watch::noticeable() const {
    return std::min(settings_.lag.warn, trip_lag_) / 2;
}

void loop_watch::conclude(const round& at, duration lag, bool with_stack, judge::cause known) {
    concluded_at_ = lag;
    const auto handler = lateness_.handler();
    const auto sequence = handler ? handler->sequence : 0;
    const auto id = lateness_.id();
    suspicion of{.lag = lag,
                 .handler_age = {},
                 .handlers_in_turn = loop_->tracking().turn().handlers,
                 .with_stack = with_stack,
                 .known = known,
                 .still = [this, id, sequence] {
                     const auto present = lateness_.handler();
                     return lateness_.id() == id && (present ? present->sequence : 0) == sequence;
                 }};
    if (handler) {
        of.handler_age = std::max(duration::zero(), duration(at.now - handler->began));
    }
    auto found = investigation_->conclude(at.now, of);
    if (found.who.stack.empty() && found.why == why_ && sequence == concluded_of_) {
        found.who.stack = std::move(who_.stack); // none was asked for: the last one still tells
    }
    concluded_of_ = sequence;
    why_ = found.why;
    who_ = std::move(found.who);
    who_.handlers = of.handlers_in_turn;
    if (handler) {
        identify(who_, handler->object, handler->operation, handler->task);
    }
    if (loop_->tracking().active()) {
        who_.pending = statistics_.pending();
        who_.has_pending = true;
    }
}

// What was over before it could be looked at was not the loop's fault if the watcher waited for a
// CPU for most of that time, too. The share is that of judge::classify().
judge::cause loop_watch::cause_at(const round& at) const {
    if (is_.growing > duration::zero()) {
        return why_;
    }
    constexpr int starved_percent = 60;
    const bool unexplained =
        judge_.state() == judge::level::nominal || judge_.why() == judge::cause::unknown;
    const bool starved =
        is_.completed >= settings_.lag.warn && at.waited * 100 >= is_.completed * starved_percent;
    return unexplained && starved ? judge::cause::starved : judge::cause::none;
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

// The loop records when its turns end, and the sampler when it fired: a stall has its exact end,
// whenever that is looked for.
std::optional<time_point> loop_watch::last_lateness_ended() const {
    std::optional<time_point> last;
    if (const auto sample = gauge_->last(); sample.lag >= settings_.lag.warn / 2) {
        last = sample.deadline + sample.lag;
    }
    if (statistics_.by_turns()) {
        for (const auto& turn : loop_->tracking().ended_turns().recent()) {
            last = std::max(last.value_or(turn.ended), turn.ended);
        }
    }
    return last;
}

void loop_watch::finish(time_point now, judge::events& out) {
    const auto first = out.size();
    judge_.finish(now, out);
    remember(now, out, first);
    busy_.finish(now, out);
    backlog_judge_.finish(out);
    tasks_judge_.finish(loop_->tasks().active(), out);
}

void loop_watch::remember(time_point now, judge::events& out, std::size_t first) {
    const auto wall = std::chrono::system_clock::now();
    bool is_known = false;
    for (auto i = first; i < out.size(); ++i) {
        if (auto* const stall = std::get_if<judge::stall>(&out[i])) {
            stall->who = who_;
            if (stall->episode != last_episode_) {
                last_episode_ = stall->episode;
                last_stall_ = wall;
            }
            stalls_.began(*stall, now, wall);
            is_known = true;
        } else if (const auto* const over = std::get_if<judge::recovered>(&out[i])) {
            stalls_.ended(*over);
        } else if (auto* const series = series_of(out[i])) {
            series->since =
                wall - std::chrono::duration_cast<judge::wall_time::duration>(now - series->began);
        }
    }
    if (!is_known && is_.growing > duration::zero() && concluded_at_ == is_.growing) {
        stalls_.updated({.loop = settings_.name,
                         .episode = judge_.episode(),
                         .lag = seen_.lag,
                         .why = judge_.why(),
                         .who = who_});
    }
}

void loop_watch::note_history(time_point now) {
    history_.step(now, std::chrono::system_clock::now(),
                  std::max(statistics_.take_recent_max(), is_.growing), seen_.active_tasks,
                  statistics_.pending());
}

// Loops that are on time are looked at together, at moments of a common grid: a thousand of them
// are not a thousand wake-ups. What is late has moments of its own, so that none is missed.
time_point loop_watch::plan(const round& at) const {
    const auto next_on = [](duration grid, time_point after) {
        return after + grid - after.time_since_epoch() % grid;
    };
    const auto warn = std::min(settings_.lag.warn, at.trip_lag);
    auto next = judge_.next_check();
    const bool late = is_.growing > duration::zero();
    if (is_.since && (late || !statistics_.by_turns())) {
        auto lag = judge_.next_lag();
        if (is_.growing < at.trip_lag) {
            lag = std::min(lag, at.trip_lag);
        }
        // A lateness that is half of it already has been looked at.
        auto due = *is_.since + (is_.growing < lag / 2 ? lag / 2 : lag);
        if (investigation_ && is_.growing >= at.trip_lag) {
            due = std::min(due, *is_.since + concluded_at_ + inquiry_period);
        }
        const auto fine = std::max<duration>(warn / 10, std::chrono::milliseconds(1));
        next = std::min(next, late ? due : next_on(fine, due));
    }
    if (is_.expected && is_.expected->until > at.now) {
        next = std::min(next, is_.expected->until);
    }
    if (statistics_.by_turns()) { // whether a turn has begun is only seen by looking
        next = std::min(next, next_on(warn, at.now));
    } else if (!is_.since) { // and so is whether run() is called; its first deadline is later still
        next = std::min(next, next_on(std::max(warn, settings_.interval), at.now));
    }
    return next;
}

judge::loop_vitals loop_watch::vitals() const {
    return {.name = settings_.name,
            .critical = settings_.critical,
            .judge_from = judge_.judged_from(),
            .lag = seen_.excused ? duration::zero() : judge_.graded_lag(),
            .overdue = seen_.overdue >= noticeable() && !seen_.excused,
            .progress = gauge_->samples() + loop_->tracking().turn().sequence,
            .why = judge_.why(),
            .episode = judge_.episode(),
            .active_tasks = seen_.active_tasks};
}

void loop_watch::collect_max() {
    statistics_.note(lateness_.take_max());
}

report::loop_status loop_watch::status(time_point now, const pause_ledger& pauses) {
    collect_max();
    const auto is = lateness_.peek(now, pauses);
    report::loop_status out{.name = settings_.name,
                            .critical = settings_.critical,
                            .state = judge_.state(),
                            .why = judge_.why(),
                            .lag = is.lag(),
                            .lag_sample = lateness_.sample(pauses),
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
    if (const auto handler = lateness_.handler()) {
        out.running_handler = name_of(handler->object, handler->operation);
        if (const auto task = measure::find_task(handler->task)) {
            out.running_task = task->name;
        }
    }
    out.busy_threads = count_busy_threads(*loop_, now, settings_.lag.critical, pauses);
    statistics_.show(out, now, settings_.window, is.growing);
    return out;
}

report::lag_summary loop_watch::window(time_point now) const {
    return statistics_.window(now, settings_.window);
}

std::vector<report::task_status> loop_watch::tasks(time_point now, std::uint64_t after,
                                                   std::size_t most) const {
    return list_tasks(*loop_, now, after, most);
}

std::vector<report::task_group> loop_watch::task_groups(time_point now, std::size_t most) const {
    return group_tasks(*loop_, now, most);
}

std::optional<report::bucket_list> loop_watch::histogram(time_point now,
                                                         report::histogram_kind kind) const {
    return statistics_.histogram(now, kind);
}

std::vector<report::stall_status> loop_watch::stalls(time_point now) const {
    return stalls_.list(now);
}

std::vector<report::history_entry> loop_watch::history() const {
    return history_.list();
}

void loop_watch::reset_statistics(time_point now) {
    lateness_.reset_max(now);
    statistics_.reset(now);
}

} // namespace loopmon::watch
