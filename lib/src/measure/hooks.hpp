// SPDX-License-Identifier: MIT
//
// Calls from the rest of this room into the hooks; without handler tracking they do what their
// names say and nothing else.
#pragma once

#include "measure/current_task.hpp"
#include "measure/thread_words.hpp"

namespace loopmon::measure {

/// set_current_task(), and the run time so far goes to the task that was current until now.
void switch_task(task_handle task) noexcept;

/// In its scope the thread creates handlers of the monitor itself: they are neither counted nor
/// timed, and belong to no task.
class untracked_scope {
public:
    untracked_scope() noexcept { begin(); }
    ~untracked_scope() { end(); }
    untracked_scope(const untracked_scope&) = delete;
    untracked_scope& operator=(const untracked_scope&) = delete;

    static void begin() noexcept {
        ++this_thread.untracked_scope;
        this_thread.context = nullptr; // the next handler looks for its slot, and sees this first
    }
    static void end() noexcept { --this_thread.untracked_scope; }
    [[nodiscard]] static bool is_on() noexcept { return this_thread.untracked_scope != 0; }
};

} // namespace loopmon::measure
