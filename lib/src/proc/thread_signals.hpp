// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace loopmon::proc {

/// How things stand between one thread of this process and one signal.
struct thread_signal {
    bool pending = false;     ///< sent to the thread, not taken by it yet
    bool blocked = false;     ///< in the signal mask of the thread
    std::uint64_t sleeps = 0; ///< how often the thread has gone to sleep so far
};

/// From /proc/self/task/TID/status; nothing for a thread that is gone. Some 20 µs.
/// @param signal 0 for none
[[nodiscard]] thread_signal look_at_signal(pid_t tid, int signal);

} // namespace loopmon::proc
