// SPDX-License-Identifier: MIT
//
// What is counted about one loop and shown on request: windows, histograms, maxima, time that it
// was busy. Reads what the threads of the loop wrote; nothing here judges.
#pragma once

#include "measure/histogram.hpp"
#include "measure/lag_gauge.hpp"
#include "measure/loop_state.hpp"
#include "model/program.hpp"
#include "model/status.hpp"
#include "model/time.hpp"
#include "watch/lag_window.hpp"
#include "watch/pause_detector.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace loopmon::watch {

class loop_statistics {
public:
    loop_statistics(time_point now, std::shared_ptr<measure::loop_state> loop,
                    std::shared_ptr<measure::lag_gauge> gauge);

    /// The lag is computed from turns, of which none is missing, and no more from samples.
    [[nodiscard]] bool by_turns() const { return by_turns_; }
    /// From now on it is; what the samples have said so far does not count any more.
    void use_turns();

    /// Takes note of a lag that has completed, if it is the longest.
    void note(duration max);
    /// Call it at every look.
    void step(time_point now);
    /// Lifetime statistics begin again.
    void reset(time_point now);
    /// The longest lag noted since the last call.
    [[nodiscard]] duration take_recent_max() { return std::exchange(recent_max_, {}); }

    /// Handlers that exist and do not run.
    [[nodiscard]] std::uint64_t pending() const;

    /// The part of a status that is counted.
    /// @param window for the utilization
    /// @param growing a lag that is not over
    void show(model::loop_status& out, time_point now, duration window, duration growing) const;
    /// @param length how far back
    [[nodiscard]] model::lag_summary window(time_point now, duration length) const;
    /// Since the last reset(); nothing if it is not counted in this program.
    [[nodiscard]] std::optional<model::bucket_list> histogram(time_point now,
                                                              model::histogram_kind kind) const;

private:
    /// The histograms at the last reset.
    struct baseline {
        time_point when{};
        measure::bucket_counts recorded, queue, run;
    };
    /// Lags of samples, or nanoseconds by lag.
    [[nodiscard]] measure::bucket_counts recorded(time_point now) const;
    [[nodiscard]] measure::bucket_counts lags_since_baseline(time_point now) const;
    [[nodiscard]] duration busy(time_point now) const;

    std::shared_ptr<measure::loop_state> loop_;
    std::shared_ptr<measure::lag_gauge> gauge_;
    bool by_turns_ = false;
    lag_window window_;
    duration max_{};
    duration recent_max_{};
    std::unique_ptr<baseline> baseline_;
};

/// The tasks of a loop as measure::task_table lists them, and which of their handlers do not run.
[[nodiscard]] std::vector<model::task_status>
list_tasks(const measure::loop_state& loop, time_point now, std::uint64_t after, std::size_t most);
/// See model::program::task_groups().
[[nodiscard]] std::vector<model::task_group> group_tasks(const measure::loop_state& loop,
                                                         time_point now, std::size_t most);

} // namespace loopmon::watch
