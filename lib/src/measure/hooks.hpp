// SPDX-License-Identifier: MIT
//
// Calls from the rest of this room into the hooks; without handler tracking they do what their
// names say and nothing else.
#pragma once

#include "measure/current_task.hpp"

namespace loopmon::measure {

/// set_current_task(), and the run time so far goes to the task that was current until now.
void switch_task(task_word task) noexcept;

/// In its scope the thread creates handlers of the monitor itself: they are neither counted nor
/// timed, and belong to no task.
class own_work {
public:
    own_work() noexcept { ++depth; }
    ~own_work() { --depth; }
    own_work(const own_work&) = delete;
    own_work& operator=(const own_work&) = delete;

    [[nodiscard]] static bool is_on() noexcept { return depth != 0; }

private:
    [[gnu::tls_model("initial-exec")]] static constinit thread_local unsigned depth;
};

} // namespace loopmon::measure
