// SPDX-License-Identifier: MIT
//
// Calls from the rest of this room into the hooks; without handler tracking they do what their
// names say and nothing else.
#pragma once

#include "measure/current_task.hpp"
#include "measure/thread_words.hpp"

namespace loopmon::measure {

/// set_current_task(), and the run time so far goes to the task that was current until now.
void switch_task(task_word task) noexcept;

/// In its scope the thread creates handlers of the monitor itself: they are neither counted nor
/// timed, and belong to no task.
class own_work {
public:
    own_work() noexcept { begin(); }
    ~own_work() { end(); }
    own_work(const own_work&) = delete;
    own_work& operator=(const own_work&) = delete;

    static void begin() noexcept {
        ++this_thread.own_work;
        this_thread.context = nullptr; // the next handler looks for its slot, and sees this first
    }
    static void end() noexcept { --this_thread.own_work; }
    [[nodiscard]] static bool is_on() noexcept { return this_thread.own_work != 0; }
};

} // namespace loopmon::measure
