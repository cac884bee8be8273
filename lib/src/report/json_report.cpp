// SPDX-License-Identifier: MIT
#include "report/json_report.hpp"

#include <loopmon/version.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace loopmon::report {

namespace {

namespace json = boost::json;

std::int64_t usec(duration value) {
    return std::chrono::duration_cast<std::chrono::microseconds>(value).count();
}

std::int64_t usec(wall_time when) {
    return usec(std::chrono::duration_cast<duration>(when.time_since_epoch()));
}

json::object to_json(const loop_status& loop, const lag_summary& window) {
    return {{"Name", loop.name},
            {"Critical", loop.critical},
            {"Tracking", false},
            {"State", judge::to_string(loop.state)},
            {"Cause", judge::to_string(loop.why)},
            {"LagUSec", usec(loop.lag)},
            {"LagSampleUSec", usec(loop.lag_sample)},
            {"LagMaxUSec", usec(loop.lag_max)},
            {"WindowUSec", usec(loop.window)},
            {"LagP50USec", usec(window.p50)},
            {"LagP90USec", usec(window.p90)},
            {"LagP99USec", usec(window.p99)},
            {"LagP999USec", usec(window.p999)},
            {"LagWindowMaxUSec", usec(window.max)},
            {"ActiveTasks", loop.active_tasks},
            {"NSamples", loop.n_samples},
            {"NStalls", loop.n_stalls},
            {"NCritical", loop.n_critical},
            {"NSuppressed", loop.n_suppressed},
            {"LastStallTimestamp", usec(loop.last_stall)},
            {"IntervalUSec", usec(loop.interval)},
            {"WarnUSec", usec(loop.warn)},
            {"CriticalUSec", usec(loop.critical_lag)}};
}

json::object to_json(const probe_status& probe) {
    return {{"Name", probe.name},
            {"Kind", probe.kind},
            {"Target", probe.target},
            {"State", judge::to_string(probe.state)},
            {"Error", probe.error},
            {"LatencyUSec", usec(probe.latency)},
            {"LatencyP50USec", usec(probe.p50)},
            {"LatencyP99USec", usec(probe.p99)},
            {"LatencyMaxUSec", usec(probe.max)},
            {"NProbes", probe.n_probes},
            {"NFailures", probe.n_failures}};
}

} // namespace

std::string json_report(model& source) {
    json::array loops;
    for (const auto id : source.loops()) {
        if (const auto loop = source.loop(id)) {
            auto object = to_json(*loop, source.window(id));
            json::array tasks;
            for (const auto& task : source.tasks(id)) {
                tasks.push_back(json::object{{"Id", task.id},
                                             {"Name", task.name},
                                             {"Spawned", task.spawned},
                                             {"AgeUSec", usec(task.age)}});
            }
            object["Tasks"] = std::move(tasks);
            loops.push_back(std::move(object));
        }
    }
    json::array probes;
    for (const auto id : source.probes()) {
        if (const auto probe = source.probe(id)) {
            probes.push_back(to_json(*probe));
        }
    }
    const auto manager = source.manager();
    json::array files;
    for (const auto& file : manager.config_files) {
        files.push_back(json::string(file));
    }
    const json::object report = {{"Version", version},
                                 {"State", manager.state},
                                 {"WatchdogAction", judge::to_string(manager.action)},
                                 {"WatchdogState", judge::to_string(manager.watchdog)},
                                 {"WatchdogUSec", usec(manager.watchdog_period)},
                                 {"WatchdogLagUSec", usec(manager.watchdog_lag)},
                                 {"NTrips", manager.n_trips},
                                 {"LastTripTimestamp", usec(manager.last_trip)},
                                 {"LastTripReason", manager.last_trip_reason},
                                 {"ConfigFiles", std::move(files)},
                                 {"MonitorCPUUSec", usec(manager.monitor_cpu)},
                                 {"Loops", std::move(loops)},
                                 {"Probes", std::move(probes)}};
    return json::serialize(report);
}

} // namespace loopmon::report
