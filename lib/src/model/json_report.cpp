// SPDX-License-Identifier: MIT
#include "model/json_report.hpp"

#include "model/bounds.hpp"
#include "model/json_values.hpp"

#include <loopmon/version.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace loopmon::model {

namespace {

// Of each loop, enough to see what came before an alert; ListStalls and GetHistory have the rest. A
// process of a thousand loops must still be able to send its report over D-Bus.
constexpr std::size_t max_stalls = 8;
constexpr std::size_t max_seconds = 60;
constexpr std::size_t max_tasks = 1000;
// A text that is longer has the rest of the loops without their lists. The bus takes 32 MiB.
constexpr std::size_t max_with_lists = std::size_t{2} * 1024 * 1024;

template <class Values>
json last_of(const Values& values, std::size_t most) {
    auto out = json::array();
    for (auto i = values.size() - std::min(most, values.size()); i < values.size(); ++i) {
        out.push_back(to_json(values[i]));
    }
    return out;
}

json loop_report(queries& source, queries::id id, const loop_status& loop, bool with_lists) {
    auto out = to_json(loop);
    out.update(to_json(source.window(id)));
    if (!with_lists) {
        out["Truncated"] = true;
        return out;
    }
    const auto tasks = source.tasks(id, 0, max_tasks);
    out["Tasks"] = last_of(tasks, tasks.size());
    out["Stalls"] = last_of(source.stalls(id), max_stalls);
    out["History"] = last_of(source.history(id), max_seconds);
    return out;
}

/// The flight record as it is, or null.
json last_trip(queries& source) {
    auto record = json::parse(source.flight_record(), nullptr, false);
    return record.is_discarded() ? json() : record;
}

} // namespace

// Loop by loop: as text it takes a tenth of the memory that its values do.
std::string json_report(queries& source) {
    json head{{"Version", version}};
    head.update(to_json(source.manager()));
    head["LastTrip"] = last_trip(source);
    auto text = text_of(head);
    const auto add_list = [&text](std::string_view name, const auto& ids, const auto& entry) {
        text.back() = ','; // was the end of the object
        text.append("\"").append(name).append("\":[");
        for (const auto id : ids) {
            if (const auto object = entry(id)) {
                text.append(text.back() == '[' ? "" : ",").append(text_of(*object));
            }
        }
        text += "]}";
    };
    add_list("Loops", source.loops(), [&](queries::id id) -> std::optional<json> {
        const auto loop = source.loop(id);
        return loop ? std::optional(loop_report(source, id, *loop, text.size() < max_with_lists))
                    : std::nullopt;
    });
    add_list("Probes", source.probes(), [&](queries::id id) -> std::optional<json> {
        const auto probe = source.probe(id);
        return probe ? std::optional(to_json(*probe)) : std::nullopt;
    });
    return base::sendable_text(text); // the record of the last trip is a file, with whatever in it
}

} // namespace loopmon::model
