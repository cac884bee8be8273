// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/systemd/bus_ptr.hpp>

#include <string>

namespace loopmon::systemd {

/// Begins to connect to a message bus; the handshake is left to whoever processes the connection.
///
/// Does not wait for the broker. What can take time is of the caller's choosing: "tcp:" with a host
/// name is resolved here and now, "unixexec:" and the container transports start a process.
/// @param address "system", "session" (as sd_bus_open_system(3) and sd_bus_open_user(3) choose), or
/// a D-Bus address
/// @return 0, or a negative errno and `bus` untouched
[[nodiscard]] int open_bus(const std::string& address, const std::string& description,
                           bus_ptr& bus) noexcept;

/// The same bus for people: the address, or "the system bus" where libsystemd knows it by itself.
[[nodiscard]] std::string bus_name_for_people(const std::string& address);

} // namespace loopmon::systemd
