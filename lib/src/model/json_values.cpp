// SPDX-License-Identifier: MIT
#include "model/json_values.hpp"

#include "model/bounds.hpp"
#include "model/status.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

namespace loopmon::model {

std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::uint64_t count_of(const json& value) {
    if (!value.is_number_unsigned()) { // get() would wrap what is negative
        throw std::out_of_range("not a count");
    }
    return value.get<std::uint64_t>();
}

std::int64_t json_usec(duration value) {
    return std::chrono::duration_cast<std::chrono::microseconds>(value).count();
}

std::int64_t json_usec(wall_time when) {
    return json_usec(std::chrono::duration_cast<duration>(when.time_since_epoch()));
}

json to_json(const std::vector<std::string>& texts) {
    auto out = json::array();
    for (const auto& text : texts) {
        out.emplace_back(bounded_text(text, max_text));
    }
    return out;
}

namespace {

template <class Value>
json json_value(const Value& value, std::size_t longest) {
    if constexpr (std::is_same_v<Value, duration> || std::is_same_v<Value, wall_time>) {
        return json_usec(value);
    } else if constexpr (std::is_same_v<Value, std::string>) {
        return bounded_text(value, longest);
    } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
        return to_json(value);
    } else if constexpr (std::is_enum_v<Value>) {
        return to_string(value);
    } else {
        return value;
    }
}

template <class Fields, class Status>
json object_of(const Fields& fields, const Status& shown, bool tracking = true) {
    auto out = json::object();
    for_each(fields, [&]<class Field>(const Field& row) {
        if (tracking || !row.tracking) {
            out[row.name] = json_value(Field::of(shown), Field::longest);
        }
    });
    return out;
}

} // namespace

json to_json(const manager_status& manager) {
    return object_of(manager_fields, manager);
}

json to_json(const loop_status& loop) {
    return object_of(loop_fields, loop, loop.tracking);
}

json to_json(const lag_summary& window) {
    return object_of(window_fields, window);
}

json to_json(const probe_status& probe) {
    return object_of(probe_fields, probe);
}

json to_json(const task_status& task) {
    json out{{"Id", task.id},
             {"Name", bounded_text(task.name, max_name)},
             {"Spawned", bounded_text(task.spawned, max_name)},
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

json to_json(const stall_status& stall) {
    auto out = to_json(stall.culprit);
    out["Id"] = stall.id;
    out["Timestamp"] = json_usec(stall.began);
    out["DurationUSec"] = json_usec(stall.lasted);
    out["Ongoing"] = stall.ongoing;
    out["PeakUSec"] = json_usec(stall.peak);
    out["Cause"] = to_string(stall.cause);
    return out;
}

json to_json(const culprit& unbounded) {
    const auto who = bounded(unbounded);
    auto out = json::object();
    const auto add = [&out](const char* name, const std::string& text) {
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

json to_json(const history_entry& second) {
    return json::array(
        {json_usec(second.when), json_usec(second.lag_max), second.active_tasks, second.pending});
}

} // namespace loopmon::model
