// SPDX-License-Identifier: MIT
//
// The options of a monitor and of what it watches; those with limits are in limits.hpp.
#pragma once

#include <loopmon/limits.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace loopmon {

enum class bus_kind { none, system, session };

struct monitor_options {
    bus_kind bus = bus_kind::none;
    std::string bus_address = {}; ///< a D-Bus address, used instead of `bus` if it is not empty
    /// Bus name; empty: `org.loopmon1.app.ID` with ID the name of the program.
    std::string bus_name = {};
    monitor_settings settings = {};
    /// Where the record of a trip is kept; empty: $STATE_DIRECTORY, or nowhere.
    std::string state_directory = {};
    /// The monitor sends READY=1 itself when every watched loop has made its first turn. False: the
    /// program calls ready() when it is.
    bool auto_ready = true;
    /// The real-time signal by which the stack of a stuck thread is taken; nothing: one that is
    /// rarely used, 0: none is taken. A signal that the program uses already is left alone, and the
    /// journal says so. What it means for the program: see README, "Stacks".
    std::optional<int> stack_signal = {};
    /// Serves the D-Bus method Reload, on the watcher thread: hand it to a thread of your own and
    /// call `done` from anywhere when it is over, with an empty text or with what is wrong. Empty:
    /// the method does not exist.
    std::function<void(std::function<void(std::string error)> done)> reload = {};
};

struct probe_options {
    std::string name;   ///< unique in its monitor; part of the D-Bus object path
    std::string kind;   ///< e.g. "dbus"
    std::string target; ///< what is asked, for people
    duration slow = std::chrono::milliseconds(250); ///< an answer that takes this long is `slow`
};

} // namespace loopmon
