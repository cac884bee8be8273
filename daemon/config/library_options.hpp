// SPDX-License-Identifier: MIT
//
// What the configuration means to the library, at the start and at each reload.
#pragma once

#include "config/config.hpp"

#include <loopmon/monitor.hpp>

namespace loopmond {

[[nodiscard]] loopmon::monitor_settings monitor_settings_of(const config& c);
/// Of the daemon's own loop, `main`.
[[nodiscard]] loopmon::watch_options watch_options_of(const config& c);

} // namespace loopmond
