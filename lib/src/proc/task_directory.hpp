// SPDX-License-Identifier: MIT
//
// /proc/self/task below the kept directory of base/proc.hpp: after chroot(2), with /proc unmounted,
// or in another mount namespace the threads of this process can still be looked at.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

namespace loopmon::proc {

struct task_text {
    std::string text; ///< without its last line feed
    int error = 0;    ///< an errno; ENOENT or ESRCH: the thread is gone
};

/// One file of a thread of this process. Any thread. Some 10 µs.
/// @param name "syscall", "status", ...
[[nodiscard]] task_text read_task_file(pid_t tid, const char* name);

/// Opens the directory if it is not open yet; called at the start, while it can be found.
void keep_task_directory();

} // namespace loopmon::proc
