// SPDX-License-Identifier: MIT
//
// What was known when a loop tripped the watchdog: the process ends, and somebody will ask. One
// JSON object of 150 KiB at most, in the state directory:
//
//   Reason      the text of the `trip` record, Timestamp when, NTrips how many there have been
//   Versions    of loopmon and of the kernel; Program, PID and BootID to find the journal by
//   Event       the fields of the `trip` record; Culprit with the stack and the machine
//   Loop        its properties on D-Bus; Tasks, at most 100 of NTasks; Stalls, the last 8 (without
//               their stacks); History of the last 60 s, as GetHistory has it
#pragma once

#include "model/event.hpp"
#include "model/program.hpp"
#include "model/status.hpp"
#include "report/record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace loopmon::report {

/// What is known of the loop that tripped. Parts may be missing.
struct flight_state {
    std::optional<loop_status> loop = {};
    std::uint64_t n_tasks = 0;
    std::vector<task_status> tasks = {};
    std::vector<stall_status> stalls = {};
    std::vector<history_entry> history = {};
};

/// Asked at a trip, on the watcher thread, for the loop of that name. May throw.
using flight_source = std::function<flight_state(const model::trip& why)>;

/// Collects from a model, and leaves out what cannot be had. Tasks named as the culprit come first,
/// then the oldest.
[[nodiscard]] flight_state collect_flight(queries& source, const model::trip& why) noexcept;

struct flight_record {
    static constexpr std::size_t max_tasks = 100;
    /// Searched for those of the culprit. A trip does not leave the time to list them all.
    static constexpr std::size_t max_tasks_shown = 10'000;
    static constexpr std::size_t max_stalls = 8;
    static constexpr std::size_t max_seconds = 60;

    std::uint64_t n_trips = 0;
    wall_time when{};
    record told = {}; ///< the journal record of the trip
    model::trip trip = {};
    flight_state state = {};
};

/// One line of JSON. If the memory does not suffice for all of it, without what the loop did, and
/// if not for that either, without the stack.
/// @throws std::bad_alloc if there is none at all
[[nodiscard]] std::string to_json_text(const flight_record& flight);

} // namespace loopmon::report
