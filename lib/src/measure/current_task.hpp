// SPDX-License-Identifier: MIT
//
// The task that the present thread works for, and the accounts of tasks. A handler that is created
// while a task is current belongs to it: the hooks keep the word in the handler, make it current
// while the handler runs, and charge its time to it.
#pragma once

#include "measure/thread_words.hpp"

#include <chrono>
#include <cstdint>

namespace loopmon::measure {

/// Names a task for as long as it lives, and nothing afterwards: slot and generation in the
/// process-wide table. Zero: no task.
using task_handle = std::uint64_t;

namespace detail {
void count_created(task_handle task) noexcept;
void count_closed(task_handle task) noexcept;
void count_time(task_handle task, std::chrono::nanoseconds time) noexcept;
} // namespace detail

[[nodiscard]] inline task_handle current_task() noexcept {
    return this_thread.task;
}
inline void set_current_task(task_handle task) noexcept {
    this_thread.task = task;
}

// Called by the hooks, on any thread; wait-free but for a collision of two threads that account for
// one task; nothing happens for a task that is over.

inline void task_handler_created(task_handle task) noexcept {
    if (task != 0) {
        detail::count_created(task);
    }
}
/// Finished, threw or abandoned.
inline void task_handler_closed(task_handle task) noexcept {
    if (task != 0) {
        detail::count_closed(task);
    }
}
inline void task_ran(task_handle task, std::chrono::nanoseconds time) noexcept {
    if (task != 0) {
        detail::count_time(task, time);
    }
}

} // namespace loopmon::measure
