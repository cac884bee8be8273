// SPDX-License-Identifier: MIT
//
// The configuration as the daemon uses it: plain values, built-in defaults, no trace of TOML.
// load_config() fills it. What the library knows has its limits in loopmon/limits.hpp; the others
// are in config/keys.hpp, with rules between keys in config/check.cpp.
#pragma once

#include <loopmon/limits.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace loopmond {

using std::chrono::nanoseconds;

/// A `[[service]]` of type "probe".
struct probe_config {
    std::string name;     ///< unique; 1 to 64 printable ASCII characters
    std::string target;   ///< "dbus:NAME", as written
    std::string bus_name; ///< the NAME of the target, a valid well-known name
    nanoseconds interval = std::chrono::seconds(5);
    nanoseconds timeout = std::chrono::seconds(2);     ///< not longer than interval
    nanoseconds slow = std::chrono::milliseconds(250); ///< shorter than timeout

    bool operator==(const probe_config&) const = default;
};

struct config {
    loopmon::watch_options watch;       ///< of the main loop
    loopmon::monitor_settings monitor;  ///< of the library
    unsigned threads = 1;               ///< that run the main loop
    std::string bus_address = "system"; ///< "system", "session", "none" or a D-Bus address
    std::vector<probe_config> probes;   ///< in the order of their first appearance
};

} // namespace loopmond
