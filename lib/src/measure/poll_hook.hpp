// SPDX-License-Identifier: MIT
//
// Turns, see loop_tracking.hpp. A program with handler tracking is linked with --wrap=epoll_wait,
// so asio's call comes by here. A loop is known by its epoll descriptor, which no other thread and
// no nested loop can mistake; polls of descriptors that are not of a watched loop pass straight on.
// The program sees what it would see without us: the probe that is set after a full batch is taken
// out of the events again.
#pragma once

namespace boost::asio {
class io_context;
}

namespace loopmon::measure {

class loop_tracking;

/// From now on the turns of `io` are recorded in `loop`. Without handler tracking, or with another
/// reactor than epoll, nothing happens. Any thread.
/// @throws std::bad_alloc
void watch_polls(boost::asio::io_context& io, loop_tracking& loop);

/// To be called before the context closes its descriptor.
void forget_polls(loop_tracking& loop) noexcept;

} // namespace loopmon::measure
