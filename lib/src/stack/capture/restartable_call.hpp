// SPDX-License-Identifier: MIT
//
// Which calls a signal does not disturb, for where the stack of a sleeper cannot be read from
// outside (or not all of it). After a handler with SA_RESTART Linux goes on with them as if nothing
// had been; signal(7) lists the others, which fail with EINTR, among them poll, select, epoll_wait,
// nanosleep, semaphores and message queues of System V, and everything with a timeout.
#pragma once

#include "stack/capture/thread_place.hpp"

namespace loopmon::stack {

/// Conservative: no for a call that may have done a part of its work, which it would return with
/// (write), for one on a socket with a timeout, and for all that are not known to be restarted.
[[nodiscard]] bool survives_signal(const thread_place& place);

} // namespace loopmon::stack
