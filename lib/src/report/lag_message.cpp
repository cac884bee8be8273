// SPDX-License-Identifier: MIT
#include "report/lag_message.hpp"

#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace loopmon::report {

namespace {

std::string place(const model::culprit& who, model::cause why) {
    const std::string in = info_of(why).one_handler ? " in " : " while in ";
    if (who.task.empty()) {
        return who.handler.empty() ? "" : in + "handler " + who.handler;
    }
    std::string more = who.handler;
    if (!who.spawned.empty()) {
        more += (more.empty() ? "spawned " : ", spawned ") + who.spawned;
    }
    return in + "task \"" + who.task + '"' + (more.empty() ? "" : " (" + more + ')');
}

std::string waiting(const model::culprit& who) {
    const auto& where = who.syscall.empty() ? who.waiting_in : who.syscall;
    return where.empty() ? "" : " in " + where;
}

/// What a turn of many handlers was spent on.
std::string spent(const model::culprit& who) {
    constexpr unsigned mostly = 50; // percent
    auto out = who.handlers == 0 ? std::string("many short handlers")
                                 : counted(who.handlers, "handler") + " in the turn";
    if (!who.cpu_percent) {
        return out;
    }
    out += ", " + std::to_string(*who.cpu_percent) + "% of the time on a CPU";
    if (*who.cpu_percent < mostly) {
        out += ", otherwise asleep" + waiting(who);
    }
    return out;
}

/// What else is known of a cause, after its word.
std::string detail(const model::culprit& who, const cause_info& why) {
    std::string text(why.remark);
    switch (why.detail) {
    case cause_detail::remark:
        break;
    case cause_detail::waiting_in:
        return waiting(who);
    case cause_detail::handlers:
        text = spent(who);
        break;
    case cause_detail::machine_load:
        if (!who.machine.empty()) {
            text = who.machine;
        }
        break;
    }
    return text.empty() ? "" : " (" + text + ')';
}

std::string because(const model::culprit& who, model::cause why) {
    return is_evident(why) ? cause_text(why) + detail(who, info_of(why)) : "";
}

std::string load(std::uint64_t active_tasks, const model::culprit& who) {
    return "; " + counted(active_tasks, "active task") +
           (who.has_pending ? ", " + std::to_string(who.pending) + " pending" : "");
}

/// A remark about frames instead of a frame.
bool is_remark(std::string_view line) {
    return line.starts_with('[');
}

/// Of the C or C++ library, by its module or by its namespace. Frames look like
/// "openat64 (libc.so.6+0x10e4c7, build-id ...)" or "libc.so.6+0x10e4c7 (...)".
bool is_runtime(std::string_view frame) {
    constexpr std::array<std::string_view, 7> modules = {
        "libc.so", "libstdc++.so", "libc++.so", "libgcc_s.so", "ld-linux", "libm.so", "vdso"};
    const auto is_in = [frame](std::string_view module) {
        return frame.starts_with(module) || frame.find('(' + std::string(module)) != frame.npos;
    };
    return frame.starts_with("std::") || std::any_of(modules.begin(), modules.end(), is_in);
}

} // namespace

std::string lag_message(const model::stall& e) {
    if (e.thread != 0) {
        const auto handler = place_text(e.culprit);
        return "loop " + e.loop + ": thread " + std::to_string(e.thread) + " has been" +
               (handler.empty() ? " in one handler" : handler) + " for " + human(e.lag) +
               " (critical " + human(e.threshold) + ')' + because(e.culprit, e.cause) +
               "; the loop goes on without it" + load(e.active_tasks, e.culprit);
    }
    const char* const verb = !e.ongoing                     ? " was late by "
                             : info_of(e.cause).one_handler ? " blocked for "
                                                            : " is late by ";
    const char* const limit = e.severity == model::level::stalled ? " (critical " : " (warn ";
    return "loop " + e.loop + verb + human(e.lag) + limit + human(e.threshold) + ')' +
           place(e.culprit, e.cause) + because(e.culprit, e.cause) +
           load(e.active_tasks, e.culprit);
}

std::string lag_message(const model::trip& e) {
    return "loop " + e.loop + " lag " + human(e.lag) + " (watchdog limit " + human(e.threshold) +
           ')' + place(e.culprit, e.cause) + because(e.culprit, e.cause) +
           load(e.active_tasks, e.culprit) + "; giving up: watchdog trip";
}

std::string cause_text(model::cause why) {
    return is_evident(why) ? ": cause " + std::string(to_string(why)) : "";
}

std::string place_text(const model::culprit& who) {
    return place(who, model::cause::none);
}

std::string shown_frames(const std::vector<std::string>& stack) {
    std::string out;
    const auto add = [&out](const std::string& line) {
        out += (out.empty() ? "  " : "\n  ") + line;
    };
    std::size_t number = 0;
    std::size_t shown = 0;
    for (const auto& line : stack) {
        if (is_remark(line)) {
            if (number == 0) { // on the stack as a whole
                add(line);
            }
            continue;
        }
        if (shown < frames_shown && (number == 0 || !is_runtime(line))) {
            add('#' + std::to_string(number) + ' ' + line);
            ++shown;
        }
        ++number;
    }
    return out;
}

std::string whole_stack(const std::vector<std::string>& stack) {
    std::string out;
    for (const auto& line : stack) {
        out += (out.empty() ? "" : "\n") + line;
    }
    return out;
}

} // namespace loopmon::report
