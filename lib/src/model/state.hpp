// SPDX-License-Identifier: MIT
//
// States that have names for people and programs: those of probes and of the watchdog.
#pragma once

#include "model/vocabulary.hpp"

#include <loopmon/limits.hpp>

#include <string_view>

namespace loopmon::model {

enum class probe_state { unknown, ok, slow, failed };

constexpr std::string_view to_string(probe_state s) noexcept {
    switch (s) {
    case probe_state::unknown:
        return "unknown";
    case probe_state::ok:
        return "ok";
    case probe_state::slow:
        return "slow";
    case probe_state::failed:
        return "failed";
    }
    return "";
}

using loopmon::to_string;
using loopmon::watchdog_action;
enum class watchdog_state { off, armed, withheld, triggered };

constexpr std::string_view to_string(watchdog_state s) noexcept {
    switch (s) {
    case watchdog_state::off:
        return "off";
    case watchdog_state::armed:
        return "armed";
    case watchdog_state::withheld:
        return "withheld";
    case watchdog_state::triggered:
        return "triggered";
    }
    return "";
}

} // namespace loopmon::model
