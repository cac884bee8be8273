// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/systemd/bus_ptr.hpp>

#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

namespace loopmon::systemd {

namespace detail {

inline int open_address(const char* address, const char* description, bus_ptr& opened) noexcept {
    sd_bus* raw = nullptr;
    if (const int r = sd_bus_new(&raw); r < 0) {
        return r;
    }
    bus_ptr bus{raw};
    // As on the system bus: nobody is trusted for having got this far, and the credentials that a
    // method's privilege check wants come with the message.
    constexpr std::uint64_t credentials =
        SD_BUS_CREDS_UID | SD_BUS_CREDS_EUID | SD_BUS_CREDS_EFFECTIVE_CAPS;
    int r = sd_bus_set_description(raw, description);
    if (r >= 0) {
        r = sd_bus_set_address(raw, address);
    }
    if (r >= 0) {
        r = sd_bus_set_bus_client(raw, 1);
    }
    if (r >= 0) {
        r = sd_bus_set_trusted(raw, 0);
    }
    if (r >= 0) {
        r = sd_bus_negotiate_creds(raw, 1, credentials);
    }
    if (r >= 0) {
        r = sd_bus_start(raw);
    }
    if (r < 0) {
        return r;
    }
    opened = std::move(bus);
    return 0;
}

} // namespace detail

/// Begins to connect to a message bus; the handshake is left to whoever processes the connection.
///
/// Does not wait for the broker. What can take time is of the caller's choosing: "tcp:" with a host
/// name is resolved here and now, "unixexec:" and the container transports start a process.
/// @param address "system", "session" (as sd_bus_open_system(3) and sd_bus_open_user(3) choose), or
/// a D-Bus address
/// @return 0, or a negative errno and `bus` untouched
[[nodiscard]] inline int open_bus(const std::string& address, const std::string& description,
                                  bus_ptr& bus) noexcept {
    if (address != "system" && address != "session") {
        return detail::open_address(address.c_str(), description.c_str(), bus);
    }

    sd_bus* raw = nullptr;
    const int r = address == "system"
                      ? sd_bus_open_system_with_description(&raw, description.c_str())
                      : sd_bus_open_user_with_description(&raw, description.c_str());
    if (r < 0) {
        return r;
    }
    bus.reset(raw);
    return 0;
}

/// The same bus for people: the address, or "the system bus" where libsystemd knows it by itself.
[[nodiscard]] inline std::string bus_name_for_people(const std::string& address) {
    if (address != "system" && address != "session") {
        return address;
    }
    const bool system = address == "system";
    const char* chosen =
        std::getenv(system ? "DBUS_SYSTEM_BUS_ADDRESS" : "DBUS_SESSION_BUS_ADDRESS");
    if (chosen != nullptr && *chosen != '\0') {
        return chosen;
    }
    return system ? "the system bus" : "the session bus";
}

} // namespace loopmon::systemd
