// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

// libsystemd's handles, declared here so that no user of this header needs its headers.
extern "C" {
struct sd_bus;
struct sd_bus_slot;
struct sd_bus_message;
sd_bus* sd_bus_close_unref(sd_bus* bus);
sd_bus_slot* sd_bus_slot_unref(sd_bus_slot* slot);
sd_bus_message* sd_bus_message_unref(sd_bus_message* message);
}

namespace loopmon::systemd {

struct bus_deleter {
    void operator()(sd_bus* bus) const noexcept { sd_bus_close_unref(bus); } // waits for no broker
    void operator()(sd_bus_slot* slot) const noexcept { sd_bus_slot_unref(slot); }
    void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};

using bus_ptr = std::unique_ptr<sd_bus, bus_deleter>;
using slot_ptr = std::unique_ptr<sd_bus_slot, bus_deleter>;
using message_ptr = std::unique_ptr<sd_bus_message, bus_deleter>;

} // namespace loopmon::systemd
