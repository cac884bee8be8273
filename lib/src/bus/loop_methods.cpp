// SPDX-License-Identifier: MIT
#include "bus/loop_methods.hpp"

#include "model/bounds.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace loopmon::bus {

namespace {

// 400 kB at most. A reply that is larger than the bus allows ends our connection.
constexpr std::size_t max_list = 1000;

constexpr std::array<std::pair<std::string_view, histogram_kind>, 3> histogram_names = {{
    {"lag", histogram_kind::lag},
    {"queue", histogram_kind::queue},
    {"run", histogram_kind::run},
}};

std::string name_on_bus(const std::string& text) {
    return bounded_text(text, max_name);
}

int append_one(sd_bus_message* m, const task_status& task) {
    return sd_bus_message_append(m, "(tssttt)", task.id, name_on_bus(task.name).c_str(),
                                 name_on_bus(task.spawned).c_str(), to_usec(task.age),
                                 to_usec(task.run_time), task.pending);
}

int append_one(sd_bus_message* m, const task_group& tasks) {
    return sd_bus_message_append(m, "(sttt)", name_on_bus(tasks.name).c_str(), tasks.count,
                                 to_usec(tasks.oldest), to_usec(tasks.run_time));
}

int append_one(sd_bus_message* m, const stall_status& stall) {
    const auto who = bounded(stall.culprit);
    int r = sd_bus_message_open_container(m, 'r', "tttsssas");
    if (r >= 0) {
        r = sd_bus_message_append(
            m, "tttsss", stall.id, to_usec(stall.began), stall.ongoing ? 0 : to_usec(stall.lasted),
            std::string(to_string(stall.cause)).c_str(), who.handler.c_str(), who.task.c_str());
    }
    if (r >= 0) {
        r = append(m, bounded_lines(who.stack.lines()));
    }
    return r < 0 ? r : sd_bus_message_close_container(m);
}

int append_one(sd_bus_message* m, const history_entry& second) {
    return sd_bus_message_append(m, "(tttt)", to_usec(second.when), to_usec(second.lag_max),
                                 second.active_tasks, second.pending);
}

int append_one(sd_bus_message* m, const bucket_list::value_type& bucket) {
    return sd_bus_message_append(m, "(tt)", to_usec(bucket.first), bucket.second);
}

/// Replies with an array.
/// @param element signature of what append_one() appends
template <class Values>
int reply(sd_bus_message* call, const char* element, const Values& values) {
    sd_bus_message* made = nullptr;
    int r = sd_bus_message_new_method_return(call, &made);
    const systemd::message_ptr owned(made);
    if (r >= 0) {
        r = sd_bus_message_open_container(made, 'a', element);
    }
    for (auto value = values.begin(); r >= 0 && value != values.end(); ++value) {
        r = append_one(made, *value);
    }
    if (r >= 0) {
        r = sd_bus_message_close_container(made);
    }
    return r < 0 ? r : sd_bus_send(nullptr, made, nullptr);
}

std::optional<bucket_list> histogram_named(queries& source, queries::id loop,
                                           std::string_view name) {
    for (const auto& [known, kind] : histogram_names) {
        if (known == name) {
            return source.histogram(loop, kind);
        }
    }
    return std::nullopt;
}

std::string histograms_there(queries& source, queries::id loop) {
    std::string out;
    for (const auto& [name, kind] : histogram_names) {
        if (source.histogram(loop, kind)) {
            out += (out.empty() ? "" : ", ") + std::string(name);
        }
    }
    return out;
}

} // namespace

int list_tasks(queries& source, queries::id loop, sd_bus_message* call) {
    return reply(call, "(tssttt)", source.tasks(loop, 0, max_list));
}

int list_tasks_after(queries& source, queries::id loop, sd_bus_message* call) {
    std::uint64_t after = 0;
    std::uint32_t most = 0;
    if (const int r = sd_bus_message_read(call, "tu", &after, &most); r < 0) {
        return r;
    }
    const auto length = most == 0 ? max_list : std::min<std::size_t>(most, max_list);
    return reply(call, "(tssttt)", source.tasks(loop, after, length));
}

int list_tasks_by_name(queries& source, queries::id loop, sd_bus_message* call) {
    return reply(call, "(sttt)", source.task_groups(loop, max_list));
}

int list_stalls(queries& source, queries::id loop, sd_bus_message* call) {
    return reply(call, "(tttsssas)", source.stalls(loop));
}

int get_history(queries& source, queries::id loop, sd_bus_message* call) {
    return reply(call, "(tttt)", source.history(loop));
}

int get_histogram(queries& source, queries::id loop, sd_bus_message* call, sd_bus_error* error) {
    const char* what = nullptr;
    if (const int r = sd_bus_message_read(call, "s", &what); r < 0) {
        return r;
    }
    const auto buckets = histogram_named(source, loop, what);
    if (!buckets) {
        return sd_bus_error_setf(
            error, error_unsupported, "No histogram '%s' in this program; there is: %s",
            bounded_text(what, max_name).c_str(), histograms_there(source, loop).c_str());
    }
    return reply(call, "(tt)", *buckets);
}

} // namespace loopmon::bus
