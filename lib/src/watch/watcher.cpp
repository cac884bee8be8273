// SPDX-License-Identifier: MIT
#include "watch/watcher.hpp"

#include "base/attempt.hpp"

#include <algorithm>
#include <exception>

namespace loopmon::watch {

namespace {

// The journal of a healthy machine takes a record within a millisecond, and the source lines of its
// stack are found in 100 ms of CPU time at most. If the journal is stuck, the trip must not wait
// for it much longer.
constexpr auto last_words_patience = std::chrono::milliseconds(500);

// `systemctl status` is read by people. A change of state is shown sooner, but one that flaps does
// not keep the service manager busy.
constexpr auto status_period = std::chrono::seconds(5);
constexpr auto state_period = std::chrono::seconds(1);

// READY=1 waits for the first turn of each loop, which wakes nobody.
constexpr auto start_up_look = std::chrono::milliseconds(20);

// Memory that is short now may not be so soon.
constexpr auto after_failure = std::chrono::milliseconds(100);

} // namespace

watcher::watcher(const watcher_settings& settings, model::notifier& notifier, model::sink& sink,
                 investigator& finder)
    : settings_(settings),
      notifier_(notifier),
      sink_(sink),
      finder_(finder),
      gate_(settings.watchdog, notifier.watchdog_period()) {}

void watcher::configure(const watcher_settings& settings) {
    settings_ = settings;
    gate_.configure(settings.watchdog);
    changed_ = true;
}

void watcher::add(std::uint64_t id, time_point now, loop_settings settings,
                  std::shared_ptr<measure::loop_state> loop,
                  std::shared_ptr<measure::lag_gauge> gauge) {
    loop_watch watched(now, std::move(settings), std::move(loop), std::move(gauge), finder_);
    vitals_.reserve(loops_.size() + 1);
    each_.reserve(loops_.size() + 1);
    auto& added = loops_.emplace(id, std::move(watched)).first->second;
    each_.push_back(&added);
    if (ready_ && !stopping_) {
        added.judge_from(now + settings_.grace);
    }
}

void watcher::configure(std::uint64_t id, loop_settings settings) {
    if (auto* const loop = find(id)) {
        loop->configure(std::move(settings));
        changed_ = true;
    }
}

void watcher::finish(std::uint64_t id, time_point now) {
    if (auto* const loop = find(id)) {
        model::events happened;
        loop->finish(now, happened);
        publish(happened);
    }
}

void watcher::finish(time_point now) {
    for (const auto& entry : loops_) {
        finish(entry.first, now);
    }
}

void watcher::remove(std::uint64_t id) {
    if (auto* const loop = find(id)) {
        std::erase(each_, loop);
        loops_.erase(id);
    }
}

loop_watch* watcher::find(std::uint64_t id) {
    const auto found = loops_.find(id);
    return found == loops_.end() ? nullptr : &found->second;
}

void watcher::answered(std::uint64_t id, duration latency) {
    if (const auto probe = probes_.find(id); probe != probes_.end()) {
        model::events happened;
        probe->second.answered(latency, happened);
        publish(happened);
    }
}

void watcher::failed(std::uint64_t id, std::string_view error) {
    if (const auto probe = probes_.find(id); probe != probes_.end()) {
        model::events happened;
        probe->second.failed(error, happened);
        publish(happened);
    }
}

std::string watcher::not_started() const {
    if (loops_.empty()) {
        return "no loop is watched yet";
    }
    for (const auto& [id, loop] : loops_) {
        if (!loop.started()) {
            return "loop " + loop.settings().name + " has not run yet";
        }
    }
    return {};
}

void watcher::ready(time_point now) {
    if (ready_ || stopping_) {
        return;
    }
    ready_ = true;
    changed_ = true;
    const auto judge_from = now + settings_.grace;
    for (auto& [id, loop] : loops_) {
        loop.judge_from(judge_from);
    }
    status_ = summary();
    status_at_ = now;
    status_level_ = worst();
    const auto at_first_ping = look_at_vitals();
    notifier_.ready(status_); // with the first ping
    gate_.ready(now, at_first_ping);
}

void watcher::stopping() {
    if (!stopping_) {
        stopping_ = true;
        changed_ = true;
        gate_.stopping(); // first: a ping after STOPPING=1 would arm the watchdog again
        notifier_.stopping();
        for (auto& [id, loop] : loops_) { // a program that drains may be as late as it likes
            loop.judge_from(time_point::max());
        }
    }
}

void watcher::publish(const model::events& happened) {
    changed_ |= !happened.empty();
    for (const auto& event : happened) {
        if (model::is_reported(event)) {
            sink_.publish(event);
        }
    }
}

// Each part that needs memory is tried separately: a round that cannot report one loop still
// looks at the others, and feeds the watchdog or does not.
time_point watcher::step(clock_reading at) {
    const auto pause = pause_detector_.woke(at, pauses_);
    base::attempt([&] {
        model::events happened;
        if (pause) {
            pause_judge_.paused(at.now, *pause, happened);
        } else {
            pause_judge_.step(at.now, happened);
        }
        publish(happened);
    });
    const auto round = round_at(at.now);
    const bool starting = !ready_ && !loops_.empty() && !all_started();
    auto next = at.now + (starting ? start_up_look : max_sleep);
    late_loops_ = 0;
    worst_ = model::level::nominal;
    vitals_.clear(); // add() has made room
    // Once a round: of a thousand loops none is in a cache.
    for (auto* const loop : each_) {
        next = std::min(next, update(*loop, round));
        late_loops_ += loop->state() != model::level::nominal ? 1 : 0;
        note_worst(*loop);
        vitals_.push_back(loop->vitals());
    }
    base::attempt([&] { feed_watchdog(at.now); });
    next = std::min({next, gate_.next_check(), pause_judge_.next_check()});
    next = std::max(next, at.now + min_sleep);
    pause_detector_.sleeping_until(next);
    return next;
}

time_point watcher::update(loop_watch& loop, const round& at) {
    auto next = at.now + after_failure;
    model::events happened;
    base::attempt([&] {
        changed_ |= loop.step(at, happened);
        next = loop.next_check();
    });
    base::attempt([&] { publish(happened); });
    return next;
}

round watcher::round_at(time_point now) const {
    return {now, pauses_, gate_.limits().lag, settings_.stacks, pause_detector_.waited()};
}

const model::culprit* watcher::culprit_of(const std::string& loop) const {
    const auto found = std::find_if(loops_.begin(), loops_.end(), [&](const auto& entry) {
        return entry.second.settings().name == loop;
    });
    return found == loops_.end() ? nullptr : &found->second.found_culprit();
}

std::span<const judge::loop_vitals> watcher::look_at_vitals() {
    vitals_.clear(); // add() has made room
    for (const auto& [id, loop] : loops_) {
        vitals_.push_back(loop.vitals());
    }
    return vitals_;
}

void watcher::note_worst(const loop_watch& loop) {
    if (loop.settings().critical) {
        worst_ = std::max(worst_, loop.state());
    }
}

void watcher::feed_watchdog(time_point now) {
    const auto state_before = gate_.state();
    auto decision = gate_.step(now, vitals_);
    changed_ |= gate_.state() != state_before;
    if (decision.wait) {
        notifier_.wait(std::chrono::duration_cast<std::chrono::microseconds>(*decision.wait));
    }
    if (decision.tripped) {
        if (const auto* const who = culprit_of(decision.tripped->loop)) {
            base::attempt([&] { decision.tripped->culprit = *who; });
        }
        base::attempt([&] { sink_.publish(*decision.tripped); });
        sink_.flush(last_words_patience);
    }
    if (decision.trigger) {
        std::string reason;
        base::attempt([&] { reason = sink_.text_of(*decision.tripped); });
        notifier_.trigger(reason);
    }
    if (decision.survived) {
        base::attempt([&] { sink_.publish(*decision.survived); });
    }
    if (decision.armed) {
        base::attempt([&] { sink_.publish(*decision.armed); });
    }
    if (decision.ping) {
        notifier_.ping();
    }
    const auto shown_for = worst() == status_level_ ? status_period : state_period;
    if (ready_ && !stopping_ && !decision.trigger && now - status_at_ >= shown_for) {
        status_at_ = now;
        status_level_ = worst();
        base::attempt([&] {
            if (auto text = summary(); text != status_) {
                status_ = std::move(text);
                notifier_.status(status_);
            }
        });
    }
}

std::string watcher::summary() const {
    std::uint64_t tasks = 0;
    for (const auto& [id, loop] : loops_) {
        tasks += loop.vitals().active_tasks;
    }
    const auto count = [](std::uint64_t n, const char* what) {
        return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
    };
    return std::string(model::to_string(worst())) + ": " + count(loops_.size(), "loop") + ", " +
           count(tasks, "active task");
}

} // namespace loopmon::watch
