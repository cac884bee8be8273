// SPDX-License-Identifier: MIT
//
// One round over everything that is watched: look, judge, report, feed the watchdog, say when to
// come back. Time comes in as an argument and nothing here sleeps, so a test plays hours in
// milliseconds; the thread of the monitor supplies the clock.
#pragma once

#include "judge/pause_judge.hpp"
#include "judge/watchdog_gate.hpp"
#include "model/event.hpp"
#include "model/notifier.hpp"
#include "model/sink.hpp"
#include "watch/loop_watch.hpp"
#include "watch/pause_detector.hpp"
#include "watch/probe_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace loopmon::watch {

struct watcher_settings {
    judge::watchdog_limits watchdog;
    duration grace = std::chrono::seconds(5);
    bool stacks = true; ///< take the stack of a thread that is stuck
};

class watcher {
public:
    /// The longest the watcher sleeps: a pause that is shorter than half of it may go unseen.
    static constexpr duration max_sleep = std::chrono::seconds(1);
    /// The shortest: deadlines this close to each other share a round.
    static constexpr duration min_sleep = std::chrono::milliseconds(1);

    watcher(const watcher_settings& settings, model::notifier& notifier, model::sink& sink,
            investigator& finder);

    void configure(const watcher_settings& settings);
    /// Whether a debugger is attached to the process; before step().
    void debugged(bool attached) { gate_.debugged(attached); }

    /// @return when to call again, unless something is added, removed or configured before
    time_point step(clock_reading at);
    /// All that the round had to do is done now.
    void round_ended(time_point now) { pause_detector_.round_ended(now); }

    void add(std::uint64_t id, time_point now, loop_settings settings,
             std::shared_ptr<measure::loop_state> loop, std::shared_ptr<measure::lag_gauge> gauge);
    void configure(std::uint64_t id, loop_settings settings);
    /// What was reported of this loop and is not over ends now. remove() follows.
    void finish(std::uint64_t id, time_point now);
    /// The same for all loops; stopping() follows.
    void finish(time_point now);
    void remove(std::uint64_t id);
    [[nodiscard]] loop_watch* find(std::uint64_t id);
    [[nodiscard]] std::map<std::uint64_t, loop_watch>& loops() { return loops_; }

    void add_probe(std::uint64_t id, probe_watch probe) { probes_.emplace(id, std::move(probe)); }
    void remove_probe(std::uint64_t id) { probes_.erase(id); }
    void answered(std::uint64_t id, duration latency);
    void failed(std::uint64_t id, std::string_view error);
    [[nodiscard]] std::map<std::uint64_t, probe_watch>& probes() { return probes_; }

    /// All loops have made a turn (and there is at least one).
    [[nodiscard]] bool all_started() const { return not_started().empty(); }
    /// Of which loop that is not true, for people; empty: of none.
    [[nodiscard]] std::string not_started() const;
    void ready(time_point now);
    void stopping();
    [[nodiscard]] bool is_ready() const { return ready_; }
    [[nodiscard]] bool is_stopping() const { return stopping_; }

    [[nodiscard]] const judge::watchdog_gate& gate() const { return gate_; }
    [[nodiscard]] const pause_ledger& pauses() const { return pauses_; }
    /// The worst level of the essential loops, as of the last step.
    [[nodiscard]] model::level worst() const { return worst_; }
    /// Whether anything that is signalled on D-Bus may have changed since the last call.
    [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }
    /// Loops that were not nominal at the last step.
    [[nodiscard]] std::size_t late_loops() const { return late_loops_; }

    /// One line for `systemctl status`.
    [[nodiscard]] std::string summary() const;

private:
    void publish(const model::events& happened);
    [[nodiscard]] time_point update(loop_watch& loop, const round& at);
    [[nodiscard]] round round_at(time_point now) const;
    [[nodiscard]] const model::culprit* culprit_of(const std::string& loop) const;
    /// Valid until the next call.
    [[nodiscard]] std::span<const judge::loop_vitals> look_at_vitals();
    void note_worst(const loop_watch& loop);
    void feed_watchdog(time_point now);

    watcher_settings settings_;
    model::notifier& notifier_;
    model::sink& sink_;
    investigator& finder_;
    pause_ledger pauses_;
    pause_detector pause_detector_;
    judge::pause_judge pause_judge_;
    judge::watchdog_gate gate_;
    std::map<std::uint64_t, loop_watch> loops_;
    std::vector<loop_watch*> each_; ///< of them, for the rounds: a tree is slow to walk through
    std::vector<judge::loop_vitals> vitals_; ///< has room for all loops
    model::level worst_ = model::level::nominal;
    std::map<std::uint64_t, probe_watch> probes_;
    std::size_t late_loops_ = 0;
    bool ready_ = false;
    bool stopping_ = false;
    bool changed_ = true;
    time_point status_at_{}; ///< when STATUS= was sent last
    std::string status_;     ///< and what it said
    model::level status_level_ = model::level::nominal;
};

} // namespace loopmon::watch
