// SPDX-License-Identifier: MIT
//
// What the reports show, as plain values: one consistent copy, made by the watcher when it is
// asked. Below a struct are its rows: what of it is on D-Bus and in JSON (field.hpp).
#pragma once

#include "model/event.hpp"
#include "model/field.hpp"
#include "model/level.hpp"
#include "model/state.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <string>
#include <tuple>
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

inline constexpr auto loop_fields = std::tuple{
    field<&loop_status::name>{"Name", changes::never,
                              "unique in the process; the daemon's own loop is \"main\"."},
    field<&loop_status::critical>{"Critical", changes::never,
                                  "true if the loop gates the watchdog and the Manager's state."},
    field<&loop_status::tracking>{
        "Tracking", changes::never,
        "true if every handler is timed. Otherwise lag has the precision of the sampler, and run "
        "times and pending handlers are unknown."},
    field<&loop_status::state>{
        "State", changes::signalled,
        "\"nominal\", \"degraded\" (lag reached warn) or \"stalled\" (lag reached critical)."},
    field<&loop_status::cause>{"Cause", changes::signalled,
                               "why the loop is late, as far as known; empty when nominal."},
    field<&loop_status::lag>{
        "LagUSec", changes::often,
        "live: the larger of the last sample and of a sample that is overdue now. Grows with "
        "every read while the loop is blocked."},
    field<&loop_status::lag_sample>{"LagSampleUSec", changes::often, "the last completed sample."},
    field<&loop_status::lag_max>{"LagMaxUSec", changes::often,
                                 "largest lag since the start or the last ResetStatistics."},
    field<&loop_status::window>{"WindowUSec", changes::often, "length of the sliding window."},
    field<&loop_status::active_tasks>{
        "ActiveTasks", changes::often,
        "tasks that are not done; roughly constant in a healthy system."},
    field<&loop_status::n_samples>{"NSamples", changes::often,
                                   "lag samples taken, including those missed in a stall."},
    field<&loop_status::n_stalls>{"NStalls", changes::often,
                                  "episodes of lag above warn, whether printed or not."},
    field<&loop_status::n_critical>{"NCritical", changes::often,
                                    "those of these episodes that reached critical."},
    field<&loop_status::n_suppressed>{"NSuppressed", changes::often,
                                      "alerts that were counted, but not printed."},
    field<&loop_status::n_expected>{"NExpected", changes::often,
                                    "handlers that took long and had announced it (expect_long)."},
    field<&loop_status::last_stall>{"LastStallTimestamp", changes::often,
                                    "start of the last episode; 0: none."},
    field<&loop_status::interval>{"IntervalUSec", changes::signalled, "time between samples."},
    field<&loop_status::warn>{"WarnUSec", changes::signalled,
                              "lag from which the loop is degraded."},
    field<&loop_status::critical_lag>{"CriticalUSec", changes::signalled,
                                      "lag from which the loop is stalled."},
    field<&loop_status::pending_handlers>{
        "PendingHandlers", changes::often,
        "handlers that exist and do not run: queued, or waiting for a descriptor, a timer or an "
        "event.",
        true},
    field<&loop_status::running_handler, max_name>{
        "RunningHandler", changes::often,
        "the handler that runs now, as asio names it, e.g. \"socket.async_receive\"; empty: none.",
        true},
    field<&loop_status::running_task, max_name>{
        "RunningTask", changes::often, "the task that this handler belongs to; empty: none.", true},
    field<&loop_status::busy_threads>{
        "BusyThreads", changes::often,
        "threads of the loop whose handler has run for CriticalUSec without announcing it. A loop "
        "on several threads goes on without them.",
        true},
    field<&loop_status::utilization>{"Utilization", changes::often,
                                     "share of the window in which a handler ran, 0 to 1.", true},
    field<&loop_status::n_handlers>{"NHandlers", changes::often, "handlers that have run.", true}};

/// Percentiles of the lag in the window. Apart from the rest, since they cost a sum over it.
struct lag_summary {
    duration p50{}, p90{}, p99{}, p999{}, max{};
    std::uint64_t samples = 0;
};

inline constexpr auto window_fields = std::tuple{
    field<&lag_summary::p50>{"LagP50USec", changes::often, "median over the window."},
    field<&lag_summary::p90>{"LagP90USec", changes::often, "90th percentile over the window."},
    field<&lag_summary::p99>{"LagP99USec", changes::often, "99th percentile over the window."},
    field<&lag_summary::p999>{"LagP999USec", changes::often, "99.9th percentile over the window."},
    field<&lag_summary::max>{"LagWindowMaxUSec", changes::often, "largest lag of the window."}};

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

inline constexpr auto probe_fields = std::tuple{
    field<&probe_status::name>{"Name", changes::never, "unique in the process."},
    field<&probe_status::kind>{"Kind", changes::never, "how the target is asked: \"dbus\"."},
    field<&probe_status::target>{"Target", changes::never,
                                 "the program that is asked, as configured."},
    field<&probe_status::state>{
        "State", changes::signalled,
        "\"unknown\" before the first answer, \"ok\", \"slow\", or \"failed\"."},
    field<&probe_status::error>{"Error", changes::signalled,
                                "why the probe failed; empty otherwise."},
    field<&probe_status::latency>{"LatencyUSec", changes::often, "latency of the last answer."},
    field<&probe_status::p50>{"LatencyP50USec", changes::often, "median latency."},
    field<&probe_status::p99>{"LatencyP99USec", changes::often, "99th percentile of the latency."},
    field<&probe_status::max>{"LatencyMaxUSec", changes::often, "largest latency."},
    field<&probe_status::n_probes>{"NProbes", changes::often, "questions asked."},
    field<&probe_status::n_failures>{"NFailures", changes::often,
                                     "questions without a good answer."}};

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

inline constexpr auto manager_fields = std::tuple{
    field<&manager_status::state>{
        "State", changes::signalled,
        "\"starting\", then the worst state of the critical loops (\"nominal\", \"degraded\", "
        "\"stalled\"), and \"stopping\"."},
    field<&manager_status::action>{"WatchdogAction", changes::often,
                                   "what a trip does: \"trigger\" asks the service manager to end "
                                   "the process now, \"withhold\" "
                                   "stops feeding its watchdog, \"off\" does nothing."},
    field<&manager_status::watchdog>{
        "WatchdogState", changes::signalled,
        "\"off\", \"armed\" (being fed), or after a trip \"withheld\" or \"triggered\"."},
    field<&manager_status::watchdog_period>{
        "WatchdogUSec", changes::often,
        "the service manager's limit (WatchdogSec= of the unit); 0: none."},
    field<&manager_status::watchdog_lag>{"WatchdogLagUSec", changes::often,
                                         "lag of a critical loop that trips the watchdog."},
    field<&manager_status::n_trips>{"NTrips", changes::often,
                                    "trips over the lifetime of the state directory."},
    field<&manager_status::last_trip>{"LastTripTimestamp", changes::often,
                                      "when the watchdog last tripped; 0: never."},
    field<&manager_status::last_trip_reason>{"LastTripReason", changes::often,
                                             "why, as text for people; empty: never."},
    field<&manager_status::config_files>{
        "ConfigFiles", changes::often,
        "files that were read, in this order, later ones win; empty: built-in defaults."},
    field<&manager_status::monitor_cpu>{
        "MonitorCPUUSec", changes::often,
        "CPU time used by the watcher thread: the cost of watching."}};

/// Upper bound and number of records of each bucket that holds any.
using bucket_list = std::vector<std::pair<duration, std::uint64_t>>;

} // namespace loopmon::model
