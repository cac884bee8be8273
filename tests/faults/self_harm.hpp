// SPDX-License-Identifier: MIT
#pragma once

#include <boost/asio/io_context.hpp>

#include <iosfwd>
#include <string>
#include <string_view>

namespace faults {

/// Those that are open now are the program's own; what is opened later is the monitor's.
void remember_own_descriptors();

/// Does one thing to this process that a daemon may do, or have done to it.
/// @param io the loop, for what is to be done on its thread
/// @return what went wrong; empty: nothing
std::string harm(std::string_view what, std::istream& arguments, boost::asio::io_context& io);

} // namespace faults
