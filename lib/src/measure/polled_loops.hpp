// SPDX-License-Identifier: MIT
//
// Turns of loops that wait by epoll, see loop_tracking.hpp. A loop is known by its epoll
// descriptor, which no other thread and no nested loop can mistake; waits for descriptors that are
// not of a watched loop pass straight on. The program sees what it would see without us: the probe
// that is set after a full batch is taken out of the events again.
#pragma once

struct epoll_event;

namespace loopmon::measure {

class loop_tracking;

using epoll_function = int (*)(int descriptor, epoll_event* events, int most, int timeout);

/// From now on the turns of `loop` are those of the waits for this descriptor. Any thread. A
/// descriptor that is too great has no turns.
/// @throws std::bad_alloc
void watch_polls(int descriptor, loop_tracking& loop);

/// To be called before the loop closes its descriptor.
void forget_polls(loop_tracking& loop) noexcept;

/// epoll_wait(2) by way of `real`, for any descriptor.
int poll(int descriptor, epoll_event* events, int most, int timeout, epoll_function real) noexcept;

} // namespace loopmon::measure
