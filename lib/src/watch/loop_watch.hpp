// SPDX-License-Identifier: MIT
//
// Looks at one loop: turns what its threads wrote into an observation, has it judged, and knows
// when to look again.
#pragma once

#include "judge/loop_judge.hpp"
#include "judge/tasks_judge.hpp"
#include "judge/watchdog_gate.hpp"
#include "measure/lag_gauge.hpp"
#include "measure/loop_state.hpp"
#include "report/status.hpp"
#include "watch/lag_window.hpp"
#include "watch/pause_detector.hpp"

#include <memory>
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

class loop_watch {
public:
    loop_watch(time_point now, loop_settings settings, std::shared_ptr<measure::loop_state> loop,
               std::shared_ptr<measure::lag_gauge> gauge);

    void configure(loop_settings settings);
    void judge_from(time_point start);
    /// @return whether the level or its cause changed
    bool step(time_point now, const pause_ledger& pauses, judge::events& out);

    /// When step() can have something new to say; max() if only the loop itself can tell.
    /// @param trip_lag a lag that matters to others than the judge of this loop
    [[nodiscard]] time_point next_check(duration trip_lag) const;
    /// The loop has made its first turn.
    [[nodiscard]] bool started() const { return gauge_->deadline().has_value(); }
    [[nodiscard]] judge::loop_vitals vitals() const;
    [[nodiscard]] judge::level state() const { return judge_.state(); }
    [[nodiscard]] const loop_settings& settings() const { return settings_; }

    [[nodiscard]] report::loop_status status(time_point now, const pause_ledger& pauses);
    [[nodiscard]] report::lag_summary window(time_point now) const;
    [[nodiscard]] std::vector<report::task_status> tasks(time_point now) const;
    [[nodiscard]] report::bucket_list histogram() const;
    /// Lifetime statistics begin anew; the counters of stalls stay.
    void reset_statistics();

private:
    /// A deadline that passed while run() was not being called: it counts from `from` on.
    struct excuse {
        time_point deadline{};
        time_point from{};
        bool stopped = false;
    };
    struct lateness {
        duration sample{};
        duration overdue{};
    };

    void check_running(time_point now);
    void collect_max();
    [[nodiscard]] lateness late(time_point now, const pause_ledger& pauses) const;

    loop_settings settings_;
    std::shared_ptr<measure::loop_state> loop_;
    std::shared_ptr<measure::lag_gauge> gauge_;
    judge::loop_judge judge_;
    judge::tasks_judge tasks_judge_;
    lag_window window_;
    excuse excuse_;
    judge::loop_observation seen_{};
    duration lag_max_{};
    duration pause_offset_{}; ///< paused time since the present deadline
    judge::wall_time last_stall_{};
    std::unique_ptr<measure::bucket_counts> reset_at_; ///< the histogram at the last reset
};

} // namespace loopmon::watch
