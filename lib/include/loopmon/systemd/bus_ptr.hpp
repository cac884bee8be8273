// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/export.hpp>

#include <memory>

// libsystemd's handles, declared here so that no user of this header needs its headers.
extern "C" {
struct sd_bus;
struct sd_bus_slot;
struct sd_bus_message;
}

namespace loopmon::systemd {

struct LOOPMON_API bus_deleter {
    void operator()(sd_bus* bus) const noexcept; ///< sd_bus_close_unref: does not wait for a broker
    void operator()(sd_bus_slot* slot) const noexcept;
    void operator()(sd_bus_message* message) const noexcept;
};

using bus_ptr = std::unique_ptr<sd_bus, bus_deleter>;
using slot_ptr = std::unique_ptr<sd_bus_slot, bus_deleter>;
using message_ptr = std::unique_ptr<sd_bus_message, bus_deleter>;

} // namespace loopmon::systemd
