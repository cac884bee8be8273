// SPDX-License-Identifier: MIT
#include "report/json_report.hpp"

#include "report/json_values.hpp"

#include <loopmon/version.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>

namespace loopmon::report {

namespace {

namespace json = boost::json;

// Of each loop, enough to see what came before an alert; ListStalls and GetHistory have the rest. A
// process of a thousand loops must still be able to send its report over D-Bus.
constexpr std::size_t most_stalls = 8;
constexpr std::size_t most_seconds = 60;

template <class Values>
json::array last_of(const Values& values, std::size_t most) {
    json::array out;
    for (auto i = values.size() - std::min(most, values.size()); i < values.size(); ++i) {
        out.push_back(to_json(values[i]));
    }
    return out;
}

json::object loop_report(model& source, model::id id, const loop_status& loop) {
    auto out = to_json(loop);
    const auto window = source.window(id);
    out["LagP50USec"] = json_usec(window.p50);
    out["LagP90USec"] = json_usec(window.p90);
    out["LagP99USec"] = json_usec(window.p99);
    out["LagP999USec"] = json_usec(window.p999);
    out["LagWindowMaxUSec"] = json_usec(window.max);
    const auto tasks = source.tasks(id);
    out["Tasks"] = last_of(tasks, tasks.size());
    out["Stalls"] = last_of(source.stalls(id), most_stalls);
    out["History"] = last_of(source.history(id), most_seconds);
    return out;
}

/// The flight record as it is, or null.
json::value last_trip(model& source) {
    boost::system::error_code none;
    auto record = json::parse(source.flight_record(), none);
    return none ? json::value() : record;
}

} // namespace

std::string json_report(model& source) {
    json::array loops;
    for (const auto id : source.loops()) {
        if (const auto loop = source.loop(id)) {
            loops.push_back(loop_report(source, id, *loop));
        }
    }
    json::array probes;
    for (const auto id : source.probes()) {
        if (const auto probe = source.probe(id)) {
            probes.push_back(to_json(*probe));
        }
    }
    const auto manager = source.manager();
    const json::object report = {{"Version", version},
                                 {"State", manager.state},
                                 {"WatchdogAction", judge::to_string(manager.action)},
                                 {"WatchdogState", judge::to_string(manager.watchdog)},
                                 {"WatchdogUSec", json_usec(manager.watchdog_period)},
                                 {"WatchdogLagUSec", json_usec(manager.watchdog_lag)},
                                 {"NTrips", manager.n_trips},
                                 {"LastTripTimestamp", json_usec(manager.last_trip)},
                                 {"LastTripReason", manager.last_trip_reason},
                                 {"LastTrip", last_trip(source)},
                                 {"ConfigFiles", to_json(manager.config_files)},
                                 {"MonitorCPUUSec", json_usec(manager.monitor_cpu)},
                                 {"Loops", std::move(loops)},
                                 {"Probes", std::move(probes)}};
    return json::serialize(report);
}

} // namespace loopmon::report
