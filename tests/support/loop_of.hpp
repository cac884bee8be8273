// SPDX-License-Identifier: MIT
#pragma once

#include "asio/loop_service.hpp"
#include "capi/loop_handle.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace loopmon::test {

/// What the library knows of a context.
inline const std::shared_ptr<measure::loop_state>&
state_of(boost::asio::execution_context& context) {
    return detail::service_of(context).loop()->state;
}

/// As a monitor does. @return false if it is claimed already
[[nodiscard]] inline bool claim(boost::asio::io_context& io) {
    auto& service = detail::service_of(io);
    service.adapter().bind(io, *service.loop());
    return service.loop()->state->claim();
}

} // namespace loopmon::test
