// SPDX-License-Identifier: MIT
//
// Looks at one loop: turns what its threads wrote into an observation, has it judged, finds out who
// is to blame while that can be seen, remembers, and knows when to look again.
#pragma once

#include "judge/backlog_judge.hpp"
#include "judge/loop_judge.hpp"
#include "judge/tasks_judge.hpp"
#include "judge/watchdog_gate.hpp"
#include "measure/lag_gauge.hpp"
#include "measure/loop_state.hpp"
#include "model/history_ring.hpp"
#include "model/program.hpp"
#include "model/stall_ring.hpp"
#include "model/status.hpp"
#include "watch/busy_handlers.hpp"
#include "watch/investigator.hpp"
#include "watch/loop_delay.hpp"
#include "watch/loop_statistics.hpp"
#include "watch/pause_detector.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace loopmon::watch {

struct loop_settings {
    std::string name;
    bool critical = true;
    duration interval{};
    duration window{};
    judge::lag_limits lag = {};
    judge::task_limits tasks = {};
};

/// What a round knows that concerns every loop.
struct round {
    time_point now;
    const pause_ledger& pauses;
    duration trip_lag;  ///< a lag that matters to others than the judge of the loop
    bool stacks = true; ///< are wanted
    duration waited{};  ///< for a CPU, by the watcher itself, since the last round
};

class loop_watch {
public:
    loop_watch(time_point now, loop_settings settings, std::shared_ptr<measure::loop_state> loop,
               std::shared_ptr<measure::lag_gauge> gauge, investigator& finder);

    void configure(loop_settings settings);
    void judge_from(time_point start);
    /// Does nothing before next_check().
    /// @return whether the level or its cause changed
    bool step(const round& at, model::events& out);
    /// It is not watched any more after this: what was reported of it and is not over ends here.
    void finish(time_point now, model::events& out);

    /// When step() can have something new to report; max() if that depends on the loop alone.
    [[nodiscard]] time_point next_check() const { return next_; }
    /// The loop has made its first turn. One without a sampler may wait for its first event.
    [[nodiscard]] bool started() const {
        return !loop_->sampled() || gauge_->deadline().has_value();
    }
    [[nodiscard]] judge::loop_vitals vitals() const;
    /// Who holds it up, as found last.
    [[nodiscard]] const model::culprit& found_culprit() const { return culprit_; }
    [[nodiscard]] model::level state() const { return judge_.state(); }
    [[nodiscard]] const loop_settings& settings() const { return settings_; }

    [[nodiscard]] model::loop_status status(time_point now, const pause_ledger& pauses);
    [[nodiscard]] model::lag_summary window(time_point now) const;
    [[nodiscard]] std::vector<model::task_status> tasks(time_point now, std::uint64_t after,
                                                        std::size_t most) const;
    [[nodiscard]] std::vector<model::task_group> task_groups(time_point now,
                                                             std::size_t most) const;
    [[nodiscard]] std::optional<model::bucket_list> histogram(time_point now,
                                                              model::histogram_kind kind) const;
    [[nodiscard]] std::vector<model::stall_status> stalls(time_point now) const;
    [[nodiscard]] std::vector<model::history_entry> history() const;
    /// Lifetime statistics begin again; the counters of stalls stay.
    void reset_statistics(time_point now);

private:
    /// A cause that does not trip may give way to one that does: a starved thread to a deadlock.
    /// What the watchdog knows may be out of date by this.
    static constexpr duration inquiry_period = std::chrono::seconds(1);

    bool update(const round& at, model::events& out);
    void look_at_threads(const round& at, model::events& out);
    void look_at_queue(const round& at, model::events& out);
    [[nodiscard]] std::optional<judge::late_work> longest_wait(const round& at);
    [[nodiscard]] time_point plan(const round& at) const;
    /// A lag under this is not looked into: neither the judge nor the watchdog is near its limit.
    [[nodiscard]] duration noticeable() const;
    void investigate(const round& at, const loop_delay::reading& is);
    [[nodiscard]] model::cause cause_at(const round& at) const;
    void keep_long_turns();
    /// @param known no stack is taken if this is the cause still
    void conclude(const round& at, duration lag, bool with_stack,
                  model::cause known = model::cause::none);
    void expect(const round& at, const loop_delay::reading& is, model::events& out);
    [[nodiscard]] std::optional<time_point> last_delay_ended() const;
    /// @param first of the events of this look
    void remember(time_point now, model::events& out, std::size_t first);
    void note_history(time_point now);
    void collect_max();

    loop_settings settings_;
    std::shared_ptr<measure::loop_state> loop_;
    std::shared_ptr<measure::lag_gauge> gauge_;
    investigator& finder_;
    loop_delay delay_;
    judge::loop_judge judge_;
    judge::tasks_judge tasks_judge_;
    judge::backlog_judge backlog_judge_;
    loop_statistics statistics_;
    busy_handlers busy_;
    model::stall_ring stalls_;
    model::history_ring history_;

    time_point next_ = time_point::min();    ///< no look before
    time_point settled_ = time_point::min(); ///< until then a loop on time needs no judgement
    duration trip_lag_{};                    ///< at the last look
    loop_delay::reading reading_;            ///< at the last look
    judge::loop_observation observation_{};
    model::wall_time last_stall_{};
    std::uint64_t last_episode_ = 0; ///< its number

    // The delay that is being investigated.
    std::unique_ptr<investigation> investigation_;
    std::uint64_t investigated_ = 0; ///< its id
    pid_t suspect_ = 0;              ///< its thread
    duration concluded_at_{};        ///< the lag at which it was concluded last ...
    std::uint64_t concluded_of_ = 0; ///< ... and of which handler, by its sequence
    model::cause cause_ = model::cause::none;
    model::culprit culprit_;

    std::uint64_t n_expected_ = 0;
    std::uint64_t reported_expectation_ = 0; ///< id of the last one that was reported
};

} // namespace loopmon::watch
