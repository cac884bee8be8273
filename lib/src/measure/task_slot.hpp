// SPDX-License-Identifier: MIT
//
// One task in memory: a seqlock whose sequence is odd while the task lives; the odd value is the
// generation of the task. Why a reader needs no lock: the fields are written while the sequence is
// even, with releases. A reader that saw the sequence odd and then a field of the next task also
// sees, in its second look, that the sequence went on, and drops the copy. No fences, because
// thread sanitizers do not know them.
#pragma once

#include "measure/atomic_text.hpp"
#include "measure/current_task.hpp"

#include <loopmon/source_location.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace loopmon::measure {

/// What is said of a task when it begins.
struct new_task {
    std::string_view name; ///< cut after atomic_text::capacity bytes
    /// Its strings must live as long as the process, as those of the language do.
    source_location where = {};
    std::chrono::steady_clock::time_point began = {};
    task_handle parent = 0; ///< which may be over
    bool offloaded = false;
};

/// A consistent copy of one slot. The accounts, run_time and handlers, are of the moment; without
/// handler tracking they stay zero.
struct task_info {
    std::uint64_t id = 0; ///< unique in the process, never used again
    std::string name;
    std::string file; ///< where it was spawned
    std::uint32_t line = 0;
    std::chrono::steady_clock::time_point began{};
    std::uint64_t parent = 0;            ///< id of the task that spawned it, perhaps over; 0: none
    bool offloaded = false;              ///< its work is done by a pool of threads
    std::chrono::nanoseconds run_time{}; ///< of its handlers so far
    std::uint32_t handlers = 0;          ///< its handlers that exist: they wait or run
};

class task_slot {
public:
    using generation = std::uint32_t;

    /// Begins a task; for the thread that took the slot.
    /// @param parent_id that of task.parent; zero if it is over
    generation begin(std::uint64_t id, std::uint64_t parent_id, const new_task& task) noexcept;
    /// Ends it; for one thread.
    void end() noexcept;

    /// Of the task that lives here, if one does.
    [[nodiscard]] std::optional<generation> living() const noexcept;
    /// Nothing if the task of this generation is over. Allocates; for the watcher.
    [[nodiscard]] std::optional<task_info> load(generation of) const;
    /// The id of the task of this generation; zero if it is over.
    [[nodiscard]] std::uint64_t id(generation of) const noexcept;

    // Accounts. Any thread; nothing happens if the task of this generation is over.
    void count_handler(generation of) noexcept;
    void discount_handler(generation of) noexcept;
    void count_time(generation of, std::chrono::nanoseconds time) noexcept;

    std::atomic<std::uint32_t> next_free{0}; ///< while it is on a free_stack

private:
    void change_handlers(generation of, std::uint64_t change) noexcept;

    std::atomic<generation> sequence_{0};
    std::atomic<std::uint64_t> handlers_{0}; ///< generation << 32 | number
    std::atomic<std::int64_t> run_ns_{0};
    std::atomic<std::uint64_t> id_{0};
    std::atomic<std::uint64_t> parent_{0};
    std::atomic<std::int64_t> began_ns_{0};
    std::atomic<const char*> file_{nullptr};
    std::atomic<std::uint32_t> line_{0};
    std::atomic<bool> offloaded_{false};
    atomic_text name_;
};

} // namespace loopmon::measure
