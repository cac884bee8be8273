// SPDX-License-Identifier: MIT
//
// What the reports show, as plain values: one consistent copy, made by the watcher when it is
// asked.
#pragma once

#include "model/event.hpp"
#include "model/level.hpp"
#include "model/state.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace loopmon::model {

struct loop_status {
    std::string name;
    bool critical = true; ///< gates the watchdog
    level state = level::nominal;
    model::cause cause = model::cause::none;
    duration lag{};        ///< live
    duration lag_sample{}; ///< the last completed sample
    duration lag_max{};    ///< lifetime
    duration window{};
    std::uint64_t active_tasks = 0;
    std::uint64_t n_samples = 0;
    std::uint64_t n_stalls = 0;
    std::uint64_t n_critical = 0;
    std::uint64_t n_suppressed = 0;
    duration interval{}, warn{}, critical_lag{};
    wall_time last_stall{}; ///< epoch: none

    bool tracking = false; ///< the program is built with loopmon::tracking; else the rest is zero
    std::uint64_t pending_handlers = 0;
    std::string running_handler = {}; ///< object and operation; empty: none
    std::string running_task = {};
    std::uint32_t busy_threads = 0; ///< in a handler that has run for critical_lag
    double utilization = 0;         ///< 0..1 in the window
    std::uint64_t n_handlers = 0;
    std::uint64_t n_expected = 0; ///< handlers that announced themselves as long
};

/// Percentiles of the lag in the window. Apart from the rest, since they cost a sum over it.
struct lag_summary {
    duration p50{}, p90{}, p99{}, p999{}, max{};
    std::uint64_t samples = 0;
};

struct task_status {
    std::uint64_t id = 0;
    std::string name = {};
    std::string spawned = {}; ///< FILE:LINE
    duration age{};
    duration run_time{};       ///< of its handlers so far
    std::uint64_t pending = 0; ///< its handlers that exist and are not running
    std::uint64_t parent = 0;  ///< id of the task that spawned it; zero: none
    bool offloaded = false;    ///< runs on a thread pool, loopmon::offload()
};

/// All tasks of one name.
struct task_group {
    std::string name = {};
    std::uint64_t count = 0;
    duration oldest{}; ///< its age
    duration run_time{};
};

/// One episode.
struct stall_status {
    std::uint64_t id = 0; ///< the episode
    wall_time began{};
    duration lasted{}; ///< until now, while it is on
    bool ongoing = true;
    duration peak{}; ///< the largest lag that was seen in it
    model::cause cause = model::cause::unknown;
    model::culprit culprit = {};
};

/// One second of a loop.
struct history_entry {
    wall_time when{};
    duration lag_max{};
    std::uint64_t active_tasks = 0;
    std::uint64_t pending = 0;
};

struct probe_status {
    std::string name, kind, target;
    probe_state state = probe_state::unknown;
    std::string error = {};
    duration latency{}, p50{}, p99{}, max{};
    std::uint64_t n_probes = 0;
    std::uint64_t n_failures = 0;
};

struct manager_status {
    std::string state = {}; ///< starting, stopping, or the worst essential loop's level
    watchdog_action action = watchdog_action::off;
    watchdog_state watchdog = watchdog_state::off;
    duration watchdog_period{};
    duration watchdog_lag{};
    std::uint64_t n_trips = 0;
    wall_time last_trip{};
    std::string last_trip_reason = {};
    std::vector<std::string> config_files = {};
    duration monitor_cpu{};
};

/// Upper bound and number of records of each bucket that holds any.
using bucket_list = std::vector<std::pair<duration, std::uint64_t>>;

} // namespace loopmon::model
