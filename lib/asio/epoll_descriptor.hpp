// SPDX-License-Identifier: MIT
#pragma once

namespace boost::asio {
class io_context;
}

namespace loopmon::detail {

/// That of the context's reactor, which is made now if there is none yet: a timer needs it anyway.
/// -1 without handler tracking, or with another reactor than epoll.
/// @throws std::exception what the reactor does without descriptors or memory
[[nodiscard]] int epoll_descriptor(boost::asio::io_context& io);

} // namespace loopmon::detail
