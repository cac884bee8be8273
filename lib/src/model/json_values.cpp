// SPDX-License-Identifier: MIT
#include "model/json_values.hpp"

#include "model/bounds.hpp"

namespace loopmon::model {

namespace json = boost::json;

std::int64_t json_usec(duration value) {
    return std::chrono::duration_cast<std::chrono::microseconds>(value).count();
}

std::int64_t json_usec(wall_time when) {
    return json_usec(std::chrono::duration_cast<duration>(when.time_since_epoch()));
}

json::array to_json(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) {
        out.emplace_back(bounded_text(text, longest_text));
    }
    return out;
}

json::object to_json(const loop_status& loop) {
    json::object out{{"Name", bounded_text(loop.name, longest_text)},
                     {"Critical", loop.critical},
                     {"Tracking", loop.tracking},
                     {"State", to_string(loop.state)},
                     {"Cause", to_string(loop.why)},
                     {"LagUSec", json_usec(loop.lag)},
                     {"LagSampleUSec", json_usec(loop.lag_sample)},
                     {"LagMaxUSec", json_usec(loop.lag_max)},
                     {"WindowUSec", json_usec(loop.window)},
                     {"ActiveTasks", loop.active_tasks},
                     {"NSamples", loop.n_samples},
                     {"NStalls", loop.n_stalls},
                     {"NCritical", loop.n_critical},
                     {"NSuppressed", loop.n_suppressed},
                     {"NExpected", loop.n_expected},
                     {"LastStallTimestamp", json_usec(loop.last_stall)},
                     {"IntervalUSec", json_usec(loop.interval)},
                     {"WarnUSec", json_usec(loop.warn)},
                     {"CriticalUSec", json_usec(loop.critical_lag)}};
    if (loop.tracking) {
        out["PendingHandlers"] = loop.pending_handlers;
        out["RunningHandler"] = bounded_text(loop.running_handler, longest_name);
        out["RunningTask"] = bounded_text(loop.running_task, longest_name);
        out["BusyThreads"] = loop.busy_threads;
        out["Utilization"] = loop.utilization;
        out["NHandlers"] = loop.n_handlers;
    }
    return out;
}

json::object to_json(const task_status& task) {
    json::object out{{"Id", task.id},
                     {"Name", bounded_text(task.name, longest_name)},
                     {"Spawned", bounded_text(task.spawned, longest_name)},
                     {"AgeUSec", json_usec(task.age)},
                     {"RunTimeUSec", json_usec(task.run_time)},
                     {"PendingHandlers", task.pending}};
    if (task.parent != 0) {
        out["Parent"] = task.parent;
    }
    if (task.offloaded) {
        out["Offloaded"] = true;
    }
    return out;
}

json::object to_json(const stall_status& stall) {
    auto out = to_json(stall.who);
    out["Id"] = stall.id;
    out["Timestamp"] = json_usec(stall.began);
    out["DurationUSec"] = json_usec(stall.lasted);
    out["Ongoing"] = stall.ongoing;
    out["PeakUSec"] = json_usec(stall.peak);
    out["Cause"] = to_string(stall.why);
    return out;
}

json::object to_json(const culprit& unbounded) {
    const auto who = bounded(unbounded);
    json::object out;
    const auto add = [&out](json::string_view name, const std::string& text) {
        if (!text.empty()) {
            out[name] = text;
        }
    };
    add("Handler", who.handler);
    add("Task", who.task);
    add("Spawned", who.spawned);
    add("Syscall", who.syscall);
    add("WaitingIn", who.waiting_in);
    add("Machine", who.machine);
    if (who.has_pending) {
        out["PendingHandlers"] = who.pending;
    }
    if (who.handlers != 0) {
        out["HandlersInTurn"] = who.handlers;
    }
    if (who.cpu_percent) {
        out["CPUPercent"] = *who.cpu_percent;
    }
    if (!who.stack.empty()) {
        out["Stack"] = to_json(bounded_lines(who.stack.lines()));
    }
    return out;
}

json::array to_json(const history_entry& second) {
    return {json_usec(second.when), json_usec(second.lag_max), second.active_tasks, second.pending};
}

json::object to_json(const probe_status& probe) {
    return {{"Name", bounded_text(probe.name, longest_text)},
            {"Kind", bounded_text(probe.kind, longest_text)},
            {"Target", bounded_text(probe.target, longest_text)},
            {"State", to_string(probe.state)},
            {"Error", bounded_text(probe.error, longest_frame)},
            {"LatencyUSec", json_usec(probe.latency)},
            {"LatencyP50USec", json_usec(probe.p50)},
            {"LatencyP99USec", json_usec(probe.p99)},
            {"LatencyMaxUSec", json_usec(probe.max)},
            {"NProbes", probe.n_probes},
            {"NFailures", probe.n_failures}};
}

} // namespace loopmon::model
