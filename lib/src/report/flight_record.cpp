// SPDX-License-Identifier: MIT
#include "report/flight_record.hpp"

#include "base/proc.hpp"
#include "model/json_values.hpp"

#include <loopmon/version.hpp>

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace loopmon::report {

namespace {

using model::json;

template <class Part>
void attempt(Part&& part) noexcept {
    try {
        part();
    } catch (...) { // one part less
    }
}

template <class Values>
void keep_last(Values& values, std::size_t most) {
    if (values.size() > most) {
        values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(most));
    }
}

std::optional<queries::id> find_loop(queries& source, const std::string& name) {
    for (const auto id : source.loops()) {
        if (const auto loop = source.loop(id); loop && loop->name == name) {
            return id;
        }
    }
    return std::nullopt;
}

json kernel() {
    utsname name{};
    return ::uname(&name) == 0 ? json(name.release) : json();
}

json boot_id() {
    auto id = base::read_proc("sys/kernel/random/boot_id");
    id = id.substr(0, id.find('\n'));
    // As journalctl(1) takes it, in _BOOT_ID=.
    id.erase(std::remove(id.begin(), id.end(), '-'), id.end());
    return id.empty() ? json() : json(id);
}

json event_fields(const record& told) {
    auto out = json::object();
    for (const auto& [name, value] : told.fields) {
        if (!value.empty() && name != "LOOPMON_STACK") { // which Culprit has, frame by frame
            out[name] = value;
        }
    }
    return out;
}

template <class Values>
json all_of(const Values& values) {
    auto out = json::array();
    for (const auto& value : values) {
        out.push_back(to_json(value));
    }
    return out;
}

enum class extent { whole, without_loop, without_stack };

json object_of(const flight_record& flight, extent wanted) {
    json out{{"Reason", flight.told.text},
             {"Timestamp", json_usec(flight.when)},
             {"NTrips", flight.n_trips},
             {"Versions", {{"loopmon", version}, {"kernel", kernel()}}},
             {"Program", program_invocation_short_name},
             {"PID", ::getpid()},
             {"BootID", boot_id()},
             {"Event", event_fields(flight.told)}};
    if (wanted == extent::without_stack) {
        return out;
    }
    out["Culprit"] = to_json(flight.trip.culprit);
    if (wanted == extent::without_loop) {
        return out;
    }
    const auto& state = flight.state;
    if (state.loop) {
        out["Loop"] = to_json(*state.loop);
    }
    out["NTasks"] = state.n_tasks;
    out["Tasks"] = all_of(state.tasks);
    out["Stalls"] = all_of(state.stalls);
    out["History"] = all_of(state.history);
    return out;
}

} // namespace

flight_state collect_flight(queries& source, const model::trip& why) noexcept {
    flight_state out;
    std::optional<queries::id> id;
    attempt([&] { id = find_loop(source, why.loop); });
    if (!id) {
        return out;
    }
    attempt([&] { out.loop = source.loop(*id); });
    attempt([&] {
        auto tasks = source.tasks(*id, 0, flight_record::max_tasks_shown);
        out.n_tasks = std::max<std::uint64_t>(tasks.size(), out.loop ? out.loop->active_tasks : 0);
        std::stable_partition(tasks.begin(), tasks.end(), [&](const task_status& task) {
            return task.name == why.culprit.task;
        });
        tasks.resize(std::min(tasks.size(), flight_record::max_tasks));
        out.tasks = std::move(tasks);
    });
    attempt([&] {
        auto stalls = source.stalls(*id);
        keep_last(stalls, flight_record::max_stalls);
        for (auto& stall : stalls) {
            stall.culprit.stack.clear(); // that of the trip is there
        }
        out.stalls = std::move(stalls);
    });
    attempt([&] {
        auto history = source.history(*id);
        keep_last(history, flight_record::max_seconds);
        out.history = std::move(history);
    });
    return out;
}

std::string to_json_text(const flight_record& flight) {
    for (const auto wanted : {extent::whole, extent::without_loop}) {
        try {
            return text_of(object_of(flight, wanted));
        } catch (const std::bad_alloc&) { // less of it may fit
        }
    }
    return text_of(object_of(flight, extent::without_stack));
}

} // namespace loopmon::report
