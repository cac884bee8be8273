// SPDX-License-Identifier: MIT
//
// The configuration as the daemon uses it: plain values, built-in defaults, no trace of TOML.
// load_config() fills it; ranges are in config/keys.hpp, rules between keys in config/check.cpp.
#pragma once

#include <loopmon/monitor.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace loopmond {

using std::chrono::nanoseconds;

struct loop_config {
    nanoseconds interval = std::chrono::milliseconds(250); ///< between samples
    unsigned threads = 1;                                  ///< that run the main loop
};

struct lag_config {
    nanoseconds warn = std::chrono::milliseconds(100);
    nanoseconds critical = std::chrono::seconds(1); ///< greater than warn
    nanoseconds clear_after = std::chrono::seconds(1);
    nanoseconds grace = std::chrono::seconds(5); ///< no judgement for this long after READY
    nanoseconds window = std::chrono::minutes(1);
};

struct tasks_config {
    std::uint64_t max = 0; ///< 0: no limit
    unsigned leak_windows = 5;
    nanoseconds leak_window = std::chrono::minutes(2);
    std::uint64_t leak_min = 10;
};

struct watchdog_config {
    loopmon::watchdog_action action = loopmon::watchdog_action::trigger;
    nanoseconds lag = std::chrono::seconds(5); ///< not less than lag.critical, unless action is off
    std::vector<loopmon::trip_cause> trip_on = loopmon::watchdog_options{}.trip_on;
};

struct report_config {
    bool stacks = true;              ///< of a thread that is stuck
    unsigned alerts_per_minute = 10; ///< for each loop
};

struct bus_config {
    std::string address = "system"; ///< "system", "session", "none" or a D-Bus address
};

struct debug_config {
    bool injection = false;
};

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
    loop_config loop;
    lag_config lag;
    tasks_config tasks;
    watchdog_config watchdog;
    report_config report;
    bus_config bus;
    debug_config debug;
    std::vector<probe_config> probes; ///< in the order of their first appearance
};

} // namespace loopmond
