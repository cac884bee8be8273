// SPDX-License-Identifier: MIT
//
// What is shown of a status, a row for each fact: its name, its member, how it changes, and what it
// means. D-Bus properties and PropertiesChanged, JSON and the check of the interface descriptions
// are made from the rows; so a new fact is a member of a status, whoever sets it, and a row:
//
//   for_each(loop_fields, [&](const auto& field) { out[field.name] = json_of(field, loop); });
#pragma once

#include "model/bounds.hpp"
#include "model/status.hpp"

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace loopmon::model {

enum class changes {
    never,     ///< an identity
    signalled, ///< rarely: each change is worth a signal
    often,     ///< with every sample: whoever wants it reads it
};

template <class>
struct member_of;
template <class Status, class Value>
struct member_of<Value Status::*> {
    using status = Status;
    using value = Value;
};

/// A row.
/// @tparam Longest what is shown of a text, in bytes
template <auto Member, std::size_t Longest = max_text>
struct field {
    using status = typename member_of<decltype(Member)>::status;
    using value = typename member_of<decltype(Member)>::value;
    static constexpr std::size_t longest = Longest;

    const char* name; ///< on D-Bus and in JSON
    changes how;
    const char* help;      ///< in one line
    bool tracking = false; ///< known only in a program that is built with loopmon::tracking

    [[nodiscard]] static const value& of(const status& shown) { return shown.*Member; }
};

/// Calls visit(row) for each.
template <class Fields, class Visit>
constexpr void for_each(const Fields& fields, Visit visit) {
    std::apply([&](const auto&... row) { (visit(row), ...); }, fields);
}

/// Names of the rows whose changes are signalled and that differ.
template <class Fields, class Status>
[[nodiscard]] std::vector<const char*> changed(const Fields& fields, const Status& before,
                                               const Status& now) {
    std::vector<const char*> names;
    for_each(fields, [&](const auto& row) {
        if (row.how == changes::signalled && row.of(before) != row.of(now)) {
            names.push_back(row.name);
        }
    });
    return names;
}

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

/// Apart from the loop's, since they cost a sum over the window.
inline constexpr auto window_fields = std::tuple{
    field<&lag_summary::p50>{"LagP50USec", changes::often, "median over the window."},
    field<&lag_summary::p90>{"LagP90USec", changes::often, "90th percentile over the window."},
    field<&lag_summary::p99>{"LagP99USec", changes::often, "99th percentile over the window."},
    field<&lag_summary::p999>{"LagP999USec", changes::often, "99.9th percentile over the window."},
    field<&lag_summary::max>{"LagWindowMaxUSec", changes::often, "largest lag of the window."}};

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

} // namespace loopmon::model
