// SPDX-License-Identifier: MIT
#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <optional>

namespace loopmon::model {

/// What the kernel says a thread is doing at one moment.
enum class thread_activity {
    unknown,  ///< it could not be read
    runnable, ///< on a CPU, or ready for one
    asleep,   ///< interruptible: a system call or a lock
    disk,     ///< uninterruptible, or in a call or a page fault that waits for storage
    stopped,  ///< by job control, the freezer or a debugger
    gone,     ///< it has ended
};

/// What a thread did from the earlier look to the later one.
struct thread_progress {
    duration wall{};
    duration cpu{};                                ///< that it ran
    bool cpu_exact = true;                         ///< false: `cpu` may lack a slice not over yet
    std::optional<duration> run_delay;             ///< that it was ready and did not run
    std::optional<std::uint64_t> voluntary_sleeps; ///< how often it gave up the CPU by itself
    std::uint64_t major_faults = 0;                ///< pages that had to come from storage
};

struct stall_evidence {
    thread_activity now = thread_activity::unknown;    ///< at the later look
    thread_activity before = thread_activity::unknown; ///< at the earlier one, if there was one
    bool traced = false;                               ///< a debugger is attached
    std::optional<thread_progress> progress;           ///< nothing: only one look
    /// Of the handler that holds the thread; nothing: none runs, or handlers are not tracked.
    std::optional<duration> handler_age;
    duration turn_age{};                ///< of the turn, or how late the loop is
    std::uint64_t handlers_in_turn = 0; ///< that have ended in it
    /// CPUs that the control group may use; nullopt: no limit, or not known.
    std::optional<double> cpu_limit = std::nullopt;
};

} // namespace loopmon::model
