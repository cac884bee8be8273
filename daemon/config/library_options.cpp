// SPDX-License-Identifier: MIT
#include "config/library_options.hpp"

namespace loopmond {

loopmon::monitor_settings monitor_settings_of(const config& c) {
    return {.watchdog = {.action = c.watchdog.action,
                         .lag = c.watchdog.lag,
                         .trip_on = c.watchdog.trip_on},
            .grace = c.lag.grace,
            .injection = c.debug.injection,
            .stacks = c.report.stacks};
}

loopmon::watch_options watch_options_of(const config& c) {
    return {.name = "main",
            .interval = c.loop.interval,
            .warn = c.lag.warn,
            .critical = c.lag.critical,
            .clear_after = c.lag.clear_after,
            .window = c.lag.window,
            .tasks = {.max = c.tasks.max,
                      .leak_windows = c.tasks.leak_windows,
                      .leak_window = c.tasks.leak_window,
                      .leak_min = c.tasks.leak_min},
            .alerts_per_minute = c.report.alerts_per_minute};
}

} // namespace loopmond
