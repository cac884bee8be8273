// SPDX-License-Identifier: MIT
#include "model/json_values.hpp"

#include "model/bounds.hpp"
#include "model/fields.hpp"

#include <string>
#include <type_traits>

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

namespace {

template <class Value>
json::value json_value(const Value& value, std::size_t longest) {
    if constexpr (std::is_same_v<Value, duration> || std::is_same_v<Value, wall_time>) {
        return json_usec(value);
    } else if constexpr (std::is_same_v<Value, std::string>) {
        return json::value(bounded_text(value, longest));
    } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
        return to_json(value);
    } else if constexpr (std::is_enum_v<Value>) {
        return json::value(to_string(value));
    } else {
        return value;
    }
}

template <class Fields, class Status>
json::object object_of(const Fields& fields, const Status& shown, bool tracking = true) {
    json::object out;
    for_each(fields, [&]<class Field>(const Field& row) {
        if (tracking || !row.tracking) {
            out[row.name] = json_value(Field::of(shown), Field::longest);
        }
    });
    return out;
}

} // namespace

json::object to_json(const manager_status& manager) {
    return object_of(manager_fields, manager);
}

json::object to_json(const loop_status& loop) {
    return object_of(loop_fields, loop, loop.tracking);
}

json::object to_json(const lag_summary& window) {
    return object_of(window_fields, window);
}

json::object to_json(const probe_status& probe) {
    return object_of(probe_fields, probe);
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

} // namespace loopmon::model
