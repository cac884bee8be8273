// SPDX-License-Identifier: MIT
#include "report/message.hpp"

#include "model/bounds.hpp"
#include "report/lag_message.hpp"
#include "report/text.hpp"

#include <utility>

namespace loopmon::report {

namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
    std::string out;
    for (const auto& part : parts) {
        out += out.empty() ? "" : between;
        out += part;
    }
    return out;
}

std::string times(std::uint64_t n) {
    return n == 1 ? "once" : std::to_string(n) + " times";
}

/// Empty, and so not written, for an event that is about the whole loop.
std::string thread_id(int thread) {
    return thread == 0 ? std::string() : std::to_string(thread);
}

std::string recovered_text(const model::recovered& e) {
    const auto lasted = human(e.lasted);
    if (e.thread != 0) {
        const auto thread = "thread " + std::to_string(e.thread);
        return "loop " + e.loop +
               (e.unwatched
                    ? " is not watched any more, " + thread + " in one handler for " + lasted
                    : ": " + thread + " left its handler after " + lasted);
    }
    return "loop " + e.loop +
           (e.unwatched ? " is not watched any more, late for " : " recovered after ") + lasted +
           " (peak lag " + human(e.peak) + ")";
}

/// stall and trip have the same fields.
template <class Late>
record late_record(Late e) {
    e.culprit = bounded(std::move(e.culprit));
    const auto stack = bounded_lines(e.culprit.stack.lines());
    return {.text = lag_message(e),
            .fields = {{"LOOPMON_LOOP", e.loop},
                       {"LOOPMON_LAG_USEC", usec(e.lag)},
                       {"LOOPMON_THRESHOLD_USEC", usec(e.threshold)},
                       {"LOOPMON_CAUSE", std::string(model::to_string(e.cause))},
                       {"LOOPMON_HANDLER", e.culprit.handler},
                       {"LOOPMON_TASK", e.culprit.task},
                       {"LOOPMON_SPAWNED", e.culprit.spawned},
                       {"LOOPMON_SYSCALL", e.culprit.syscall},
                       {"LOOPMON_STACK", whole_stack(stack)},
                       {"LOOPMON_EPISODE", std::to_string(e.episode)},
                       {"LOOPMON_ACTIVE_TASKS", std::to_string(e.active_tasks)},
                       {"LOOPMON_PENDING",
                        e.culprit.has_pending ? std::to_string(e.culprit.pending) : ""},
                       {"LOOPMON_CPU_PERCENT",
                        e.culprit.cpu_percent ? std::to_string(*e.culprit.cpu_percent) : ""}},
            .details = shown_frames(stack)};
}

/// Text and fields of each event; the rest is in its row (model/event.hpp).
struct renderer {
    record operator()(const model::stall& e) const {
        auto r = late_record(e);
        r.fields.emplace_back("LOOPMON_THREAD", thread_id(e.thread));
        return r;
    }
    record operator()(const model::recovered& e) const {
        return {.text = recovered_text(e) + cause_text(e.cause),
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_DURATION_USEC", usec(e.lasted)},
                           {"LOOPMON_PEAK_USEC", usec(e.peak)},
                           {"LOOPMON_CAUSE", std::string(model::to_string(e.cause))},
                           {"LOOPMON_EPISODE", std::to_string(e.episode)},
                           {"LOOPMON_THREAD", thread_id(e.thread)}}};
    }
    record operator()(const model::recurring& e) const {
        return series(e, "loop " + e.loop + " is late repeatedly: " + times(e.count) + " in " +
                             human(e.span) + ", for " + human(e.total) + " in total (peak lag " +
                             human(e.peak) + ')' + cause_text(e.cause));
    }
    record operator()(const model::recurring_over& e) const {
        return series(e, "loop " + e.loop + " is no longer late repeatedly: it was late " +
                             times(e.count) + " in " + human(e.span) + ", for " + human(e.total) +
                             " in total (peak lag " + human(e.peak) + ')' + cause_text(e.cause));
    }
    record operator()(const model::backlog& e) const {
        const bool is_critical = e.severity == model::level::stalled;
        const model::culprit who =
            bounded(model::culprit{.handler = e.handler, .task = e.task, .spawned = e.spawned});
        return {.text = "loop " + e.loop + " is on time, but work waited for " + human(e.waited) +
                        (is_critical ? " (critical " : " (warn ") + human(e.threshold) + ')' +
                        place_text(who) + "; " + counted(e.active_tasks, "active task"),
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_WAITED_USEC", usec(e.waited)},
                           {"LOOPMON_THRESHOLD_USEC", usec(e.threshold)},
                           {"LOOPMON_HANDLER", who.handler},
                           {"LOOPMON_TASK", who.task},
                           {"LOOPMON_SPAWNED", who.spawned},
                           {"LOOPMON_EPISODE", std::to_string(e.episode)},
                           {"LOOPMON_ACTIVE_TASKS", std::to_string(e.active_tasks)}}};
    }
    record operator()(const model::backlog_over& e) const {
        return {.text = "loop " + e.loop +
                        (e.unwatched ? " is not watched any more, with work that waited for "
                                     : ": work does not wait any more, after ") +
                        human(e.lasted) + " (longest wait " + human(e.peak) + ')',
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_DURATION_USEC", usec(e.lasted)},
                           {"LOOPMON_PEAK_USEC", usec(e.peak)},
                           {"LOOPMON_EPISODE", std::to_string(e.episode)}}};
    }
    record operator()(const model::trip& e) const { return late_record(e); }
    record operator()(const model::expected_long& e) const {
        const auto reason = bounded_text(e.reason, max_name);
        return {.text = "loop " + e.loop + " is busy for " + human(e.lag) + " as announced (" +
                        reason + "; up to " + human(e.allowed) + " is expected)",
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_LAG_USEC", usec(e.lag)},
                           {"LOOPMON_ALLOWED_USEC", usec(e.allowed)},
                           {"LOOPMON_REASON", reason}}};
    }
    record operator()(const model::previous_trip& e) const {
        return {.text = "the previous run tripped the watchdog: " + e.reason,
                .fields = {{"LOOPMON_REASON", e.reason}, {"LOOPMON_TIMESTAMP", usec(e.when)}}};
    }
    record operator()(const model::still_alive& e) const {
        return {.text = "still alive " + human(e.since_trip) +
                        " after a watchdog trip: the service manager does not enforce the watchdog",
                .fields = {{"LOOPMON_DURATION_USEC", usec(e.since_trip)}}};
    }
    record operator()(const model::rearmed& e) const {
        return {.text = "the watchdog is fed again " + human(e.since_trip) +
                        " after its trip: " + e.reason,
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_DURATION_USEC", usec(e.since_trip)},
                           {"LOOPMON_REASON", e.reason}}};
    }
    record operator()(const model::paused& e) const {
        return {.text = "the process or the machine stood still " +
                        (e.count == 1
                             ? "for " + human(e.lasted)
                             : times(e.count) + " in " + human(e.span) + ", for " +
                                   human(e.lasted) + " in total (" + human(e.peak) + " at most)") +
                        "; no loop is blamed for it",
                .fields = {{"LOOPMON_DURATION_USEC", usec(e.lasted)},
                           {"LOOPMON_COUNT", std::to_string(e.count)},
                           {"LOOPMON_PEAK_USEC", usec(e.count == 1 ? e.lasted : e.peak)}}};
    }
    record operator()(const model::tasks_high& e) const {
        return tasks(e, "loop " + e.loop + " has " + counted(e.active_tasks, "active task") +
                            " (limit " + std::to_string(e.limit) + ")");
    }
    record operator()(const model::tasks_leak& e) const {
        return tasks(e, "loop " + e.loop +
                            " seems to leak tasks: the minimum number of active tasks " +
                            "rose in " + counted(e.windows, "window") + " of " + human(e.window) +
                            " in a row, from " + std::to_string(e.limit) + " to " +
                            std::to_string(e.active_tasks));
    }
    record operator()(const model::tasks_normal& e) const {
        return tasks(e, "loop " + e.loop +
                            (e.unwatched ? " is not watched any more, with "
                                         : " is back to a normal number of tasks: ") +
                            counted(e.active_tasks, "active task"));
    }
    record operator()(const model::probe_slow& e) const {
        return probe(e.probe, usec(e.latency), "",
                     "probe " + e.probe + " is slow: answered after " + human(e.latency) +
                         " (limit " + human(e.threshold) + ")");
    }
    record operator()(const model::probe_failed& e) const {
        return probe(e.probe, "", e.error, "probe " + e.probe + " failed: " + e.error);
    }
    record operator()(const model::probe_ok& e) const {
        return probe(e.probe, usec(e.latency), "",
                     "probe " + e.probe + " has recovered: answered after " + human(e.latency));
    }
    record operator()(const model::config_loaded& e) const {
        const auto files = joined(e.files, " ");
        return {.text = "configuration loaded: " + (files.empty() ? "built-in defaults" : files),
                .fields = {{"LOOPMON_FILES", files}}};
    }
    record operator()(const model::config_rejected& e) const {
        return {.text = "configuration rejected, the previous one stays in force:\n" + e.error,
                .fields = {{"LOOPMON_FILES", joined(e.files, " ")}, {"LOOPMON_ERROR", e.error}}};
    }
    record operator()(const model::suppressed& e) const {
        return {.text = "loop " + e.loop + ": " + counted(e.count, "further alert") +
                        " suppressed in the last minute",
                .fields = {{"LOOPMON_LOOP", e.loop}, {"LOOPMON_COUNT", std::to_string(e.count)}}};
    }
    record operator()(const model::bus_lost& e) const {
        return {.text = e.error + "; watching goes on without D-Bus",
                .fields = {{"LOOPMON_ERROR", e.error}}};
    }
    record operator()(const model::bus_regained&) const { return {.text = "D-Bus is back"}; }

    static record series(const model::delay_series& e, std::string text) {
        return {.text = std::move(text),
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_COUNT", std::to_string(e.count)},
                           {"LOOPMON_DURATION_USEC", usec(e.total)},
                           {"LOOPMON_PEAK_USEC", usec(e.peak)},
                           {"LOOPMON_CAUSE", std::string(model::to_string(e.cause))},
                           {"LOOPMON_TIMESTAMP", usec(e.since)}}};
    }

    template <class Tasks>
    static record tasks(const Tasks& e, const std::string& text) {
        return {.text = text,
                .fields = {{"LOOPMON_LOOP", e.loop},
                           {"LOOPMON_ACTIVE_TASKS", std::to_string(e.active_tasks)},
                           {"LOOPMON_LIMIT", std::to_string(e.limit)}}};
    }

    static record probe(const std::string& name, std::string latency, std::string error,
                        std::string text) {
        return {.text = std::move(text),
                .fields = {{"LOOPMON_PROBE", name},
                           {"LOOPMON_LATENCY_USEC", std::move(latency)},
                           {"LOOPMON_ERROR", std::move(error)}}};
    }
};

} // namespace

record render(const model::event& happened) {
    auto entry = std::visit(renderer{}, happened);
    const auto info = info_of(happened);
    entry.severity = severity_of(happened);
    entry.event = info.name;
    entry.message_id = info.id;
    return bounded(std::move(entry));
}

} // namespace loopmon::report
