// SPDX-License-Identifier: MIT
//
// Why a loop is late: one row for each cause. Its word, what a trip, a message and a stack make of
// it, which causes a configuration may list, and what README, manual and catalog say are read from
// the row; so a new cause is an enumerator, a row, and the branch of lib/src/judge/classify.cpp
// that finds it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace loopmon {

enum class cause { none, unknown, cpu, blocked, io, congestion, starved, paused, traced };

/// Whether a loop that is late for a cause trips the watchdog.
enum class cause_trips {
    always,     ///< nothing exempts it
    by_default, ///< if watchdog_options::trip_on lists it, as it does at first
    if_listed,  ///< if that lists it: not the fault of the loop, but a restart may help
    never,      ///< a restart would only punish whoever stopped the process on purpose
};

/// What a message adds to the word of a cause.
enum class cause_detail {
    remark,       ///< the remark of the row, if it has one
    waiting_in,   ///< the system call or the kernel function that the thread sleeps in
    handlers,     ///< how many there were, and what they did
    machine_load, ///< of the machine or the control group; the remark if it is not known
};

struct cause_info {
    cause value;
    std::string_view word;    ///< in the journal, on D-Bus, in the configuration
    std::string_view meaning; ///< of the word, in half a sentence
    std::string_view
        advice; ///< to whoever can change the program, as half a sentence; may be empty
    cause_trips trips;
    bool one_handler; ///< as far as is known, one handler holds the loop up
    bool stack;       ///< the stack of the thread shows what holds the loop up
    cause_detail detail;
    std::string_view remark = {};
};

// `none` is a loop that is on time or that the judge has not graded yet; so it trips by its lag
// alone. `unknown` trips as well: missing evidence exempts nothing. A thread that is stopped takes
// no signal for its stack, and one of many short handlers would be an innocent one.
inline constexpr std::array causes{
    cause_info{cause::none, "", "the loop is on time", "", cause_trips::always, true, true,
               cause_detail::remark},
    cause_info{cause::unknown, "unknown", "the handler had ended before it could be examined", "",
               cause_trips::always, true, true, cause_detail::remark},
    cause_info{cause::cpu, "cpu", "one handler computes", "move it to a thread",
               cause_trips::by_default, true, true, cause_detail::remark},
    cause_info{cause::blocked, "blocked", "one handler waits in a system call or for a lock",
               "make it wait asynchronously, or move it to a thread", cause_trips::by_default, true,
               true, cause_detail::waiting_in},
    cause_info{cause::io, "io", "one handler waits for storage", "move it to a thread",
               cause_trips::by_default, true, true, cause_detail::waiting_in},
    cause_info{cause::congestion, "congestion", "many short handlers, the queue is late",
               "more work arrives than the loop can do, or each handler waits a little, as the "
               "message states",
               cause_trips::by_default, false, false, cause_detail::handlers},
    cause_info{cause::starved, "starved", "ready to run, but the machine is short of CPU", "",
               cause_trips::if_listed, false, true, cause_detail::machine_load,
               "the machine is short of CPU"},
    cause_info{cause::paused, "paused",
               "the process was stopped or frozen, or the machine suspended", "",
               cause_trips::never, true, false, cause_detail::remark},
    cause_info{cause::traced, "traced", "a debugger is attached", "", cause_trips::never, true,
               false, cause_detail::remark, "a debugger is attached"},
};

/// The row of a cause; of a number that is none, that of `unknown`.
constexpr const cause_info& info_of(cause why) noexcept {
    for (const auto& row : causes) {
        if (row.value == why) {
            return row;
        }
    }
    return causes[1];
}

constexpr std::string_view to_string(cause why) noexcept {
    return info_of(why).word;
}

/// Whether the loop is late and it is known why.
constexpr bool is_evident(cause why) noexcept {
    return why != cause::none && why != cause::unknown;
}

/// Whether a configuration may list it as one that trips.
constexpr bool may_be_listed(const cause_info& row) noexcept {
    return row.trips == cause_trips::by_default || row.trips == cause_trips::if_listed;
}

/// The causes that trip unless a configuration says otherwise.
inline std::vector<cause> default_trip_causes() {
    std::vector<cause> listed;
    for (const auto& row : causes) {
        if (row.trips == cause_trips::by_default) {
            listed.push_back(row.value);
        }
    }
    return listed;
}

} // namespace loopmon
