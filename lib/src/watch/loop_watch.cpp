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

model::delay_series* series_of(model::event& happened) {
    if (auto* const on = std::get_if<model::recurring>(&happened)) {
        return on;
    }
    return std::get_if<model::recurring_over>(&happened);
}

} // namespace

loop_watch::loop_watch(time_point now, loop_settings settings,
                       std::shared_ptr<measure::loop_state> loop,
                       std::shared_ptr<measure::lag_gauge> gauge, investigator& finder)
    : settings_(std::move(settings)),
      loop_(std::move(loop)),
      gauge_(std::move(gauge)),
      finder_(finder),
      delay_(loop_, gauge_),
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

// What is not noticeable is not part of a stall.
void loop_watch::keep_long_turns() {
    loop_->tracking().ended_turns().keep_from(settings_.lag.warn / 2);
}

void loop_watch::judge_from(time_point start) {
    judge_.judge_from(start);
    tasks_judge_.judge_from(start);
    next_ = settled_ = time_point::min();
}

bool loop_watch::step(const round& at, model::events& out) {
    if (at.now < next_ && at.trip_lag == trip_lag_) {
        return false;
    }
    trip_lag_ = at.trip_lag;
    bool changed = false;
    // Most loops are on time at most looks, and there may be a thousand.
    if (at.now < std::min(settled_, judge_.next_check()) &&
        statistics_.by_turns() == delay_.sees_turns() &&
        !delay_.needs_look(at.now, noticeable(), at.pauses)) {
        reading_.since = delay_.due();
        reading_.growing = {};
    } else {
        changed = update(at, out);
        const bool calm = judge_.state() == model::level::nominal && reading_.lag() < noticeable();
        settled_ = calm ? at.now + lag_window::slot_length : at.now;
    }
    look_at_threads(at, out);
    look_at_queue(at, out);
    next_ = std::min({plan(at), busy_.next_check(), backlog_judge_.next_check()});
    return changed;
}

void loop_watch::look_at_threads(const round& at, model::events& out) {
    if (!judge_.judges(at.now)) {
        return;
    }
    const auto number = std::function([this] { return judge_.new_episode(); });
    busy_.step({at.now, at.pauses, settings_.lag.critical, at.stacks, loop_->tasks().active(),
                judge_.budget(), number},
               delay_.outlasting(), out);
}

void loop_watch::look_at_queue(const round& at, model::events& out) {
    const auto worst = longest_wait(at);
    if (judge_.judges(at.now)) {
        const auto number = std::function([this] { return judge_.new_episode(); });
        backlog_judge_.step(
            {at.now, settings_.lag, loop_->tasks().active(), judge_.budget(), number}, worst, out);
    }
}

bool loop_watch::update(const round& at, model::events& out) {
    if (!statistics_.by_turns() && delay_.sees_turns()) {
        statistics_.use_turns();
    }
    reading_ = delay_.update(at.now, noticeable(), at.pauses);
    collect_max();
    base::attempt([&] { statistics_.step(at.now); });
    try {
        investigate(at, reading_);
    } catch (const std::bad_alloc&) { // who it is remains unknown, that it is late does not
        investigation_.reset();
    }

    observation_ = {.now = at.now,
                    .lag = reading_.lag(),
                    .overdue = reading_.growing,
                    .cause = cause_at(at),
                    .exempt = reading_.expected && at.now < reading_.expected->until,
                    .ended = last_delay_ended(),
                    .active_tasks = loop_->tasks().active()};
    const auto grade_before = std::pair(judge_.state(), judge_.why());
    base::attempt([&] { expect(at, reading_, out); });
    const auto first = out.size();
    base::attempt(
        [&] { judge_.step(observation_, out); }); // its state is right, whatever is lost of it
    base::attempt([&] { remember(at.now, out, first); });
    base::attempt([&] { note_history(at.now); });
    tasks_judge_.step(at.now, observation_.active_tasks, judge_.budget(), out);
    return std::pair(judge_.state(), judge_.why()) != grade_before;
}

duration loop_watch::noticeable() const {
    return std::min(settings_.lag.warn, trip_lag_) / 2;
}

void loop_watch::expect(const round& at, const loop_delay::reading& is, model::events& out) {
    if (!observation_.exempt || is.growing < settings_.lag.warn ||
        reported_expectation_ == is.expected->id) {
        return;
    }
    reported_expectation_ = is.expected->id;
    ++n_expected_;
    if (judge_.budget().spend(at.now)) {
        out.emplace_back(model::expected_long{.loop = settings_.name,
                                              .reason = is.expected->reason,
                                              .lag = is.growing,
                                              .allowed = is.expected->until - is.expected->began});
    }
}

// The loop records when its turns end, and the sampler when it fired: a stall has its exact end,
// whenever that is looked for.
std::optional<time_point> loop_watch::last_delay_ended() const {
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

void loop_watch::finish(time_point now, model::events& out) {
    const auto first = out.size();
    judge_.finish(now, out);
    remember(now, out, first);
    busy_.finish(now, out);
    backlog_judge_.finish(out);
    tasks_judge_.finish(loop_->tasks().active(), out);
}

void loop_watch::remember(time_point now, model::events& out, std::size_t first) {
    const auto wall = std::chrono::system_clock::now();
    bool is_known = false;
    for (auto i = first; i < out.size(); ++i) {
        if (auto* const stall = std::get_if<model::stall>(&out[i])) {
            stall->culprit = culprit_;
            if (stall->episode != last_episode_) {
                last_episode_ = stall->episode;
                last_stall_ = wall;
            }
            stalls_.began(*stall, now, wall);
            is_known = true;
        } else if (const auto* const over = std::get_if<model::recovered>(&out[i])) {
            stalls_.ended(*over);
        } else if (auto* const series = series_of(out[i])) {
            series->since =
                wall - std::chrono::duration_cast<model::wall_time::duration>(now - series->began);
        }
    }
    if (!is_known && reading_.growing > duration::zero() && concluded_at_ == reading_.growing) {
        stalls_.updated({.loop = settings_.name,
                         .episode = judge_.episode(),
                         .lag = observation_.lag,
                         .cause = judge_.why(),
                         .culprit = culprit_});
    }
}

void loop_watch::note_history(time_point now) {
    history_.step(now, std::chrono::system_clock::now(),
                  std::max(statistics_.take_recent_max(), reading_.growing),
                  observation_.active_tasks, statistics_.pending());
}

// Loops that are on time are looked at together, at moments of a common grid: a thousand of them
// are not a thousand wake-ups. What is late has moments of its own, so that none is missed.
time_point loop_watch::plan(const round& at) const {
    const auto next_on = [](duration grid, time_point after) {
        return after + grid - after.time_since_epoch() % grid;
    };
    const auto warn = std::min(settings_.lag.warn, at.trip_lag);
    auto next = judge_.next_check();
    const bool late = reading_.growing > duration::zero();
    if (reading_.since && (late || !statistics_.by_turns())) {
        auto lag = judge_.next_lag();
        if (reading_.growing < at.trip_lag) {
            lag = std::min(lag, at.trip_lag);
        }
        // A delay that is half of it already has been looked at.
        auto due = *reading_.since + (reading_.growing < lag / 2 ? lag / 2 : lag);
        if (investigation_ && reading_.growing >= at.trip_lag) {
            due = std::min(due, *reading_.since + concluded_at_ + inquiry_period);
        }
        const auto fine = std::max<duration>(warn / 10, std::chrono::milliseconds(1));
        next = std::min(next, late ? due : next_on(fine, due));
    }
    if (reading_.expected && reading_.expected->until > at.now) {
        next = std::min(next, reading_.expected->until);
    }
    if (statistics_.by_turns()) { // whether a turn has begun is only seen by looking
        next = std::min(next, next_on(warn, at.now));
    } else if (!reading_.since) { // and so is whether run() is called; its first deadline is later
                                  // still
        next = std::min(next, next_on(std::max(warn, settings_.interval), at.now));
    }
    return next;
}

} // namespace loopmon::watch
