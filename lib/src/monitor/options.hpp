// SPDX-License-Identifier: MIT
//
// From the options of the public headers to what the rooms want, checked on the way.
#pragma once

#include "watch/watcher.hpp"

#include <loopmon/options.hpp>

#include <string>

namespace loopmon {

/// @throws std::invalid_argument naming the option, what is wrong, and what is allowed
[[nodiscard]] watch::loop_settings checked(const watch_options& options);
[[nodiscard]] watch::watcher_settings checked(const monitor_settings& settings);

/// The address to connect to; empty: none.
[[nodiscard]] std::string bus_address(const monitor_options& options);
/// The bus name to own: that of the options, or org.loopmon1.app.PROGRAM.
[[nodiscard]] std::string bus_name(const monitor_options& options);
/// That of the options, or the first of $STATE_DIRECTORY.
[[nodiscard]] std::string state_directory(const monitor_options& options);

} // namespace loopmon
