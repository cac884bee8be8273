// SPDX-License-Identifier: MIT
//
// Every key of the configuration, once: name, place, rule. Code that reads, checks or prints a
// configuration visits this list, so a new key is a member of config and a line here.
#pragma once

#include "config/config.hpp"
#include "config/rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace loopmond {

inline constexpr one_of<loopmon::watchdog_action, 3> watchdog_actions{{{
    {"trigger", loopmon::watchdog_action::trigger},
    {"withhold", loopmon::watchdog_action::withhold},
    {"off", loopmon::watchdog_action::off},
}}};

/// The causes about which there can be two opinions: an unknown one always trips, a pause never.
inline constexpr auto trip_causes = [] {
    constexpr auto n =
        std::count_if(loopmon::causes.begin(), loopmon::causes.end(), loopmon::may_be_listed);
    some_of<loopmon::cause, n> listed{};
    auto* next = listed.words.begin();
    for (const auto& row : loopmon::causes) {
        if (may_be_listed(row)) {
            *next++ = {row.word, row.value};
        }
    }
    return listed;
}();

/// Calls visit(key, value, rule) for each key outside `[[service]]`, section by section.
/// @tparam Config config or const config
template <class Config, class Visitor>
void visit_settings(Config& c, Visitor&& visit) {
    using namespace std::chrono_literals;

    // Faster than 1 ms the sampler is the load; slower than 1 min nothing is seen in time.
    visit("loop.interval", c.loop.interval, duration_range{1ms, 1min});
    // Services wait, they do not compute: more threads than this are a typing error.
    visit("loop.threads", c.loop.threads, count_range{1, 64});

    // No useful limit is longer than an hour. Under 1 ms one measures the scheduler.
    visit("lag.warn", c.lag.warn, duration_range{1ms, 1h});
    visit("lag.critical", c.lag.critical, duration_range{1ms, 1h});
    visit("lag.clear_after", c.lag.clear_after, duration_range{1ms, 1h});
    visit("lag.grace", c.lag.grace, duration_range{0ms, 1h});
    // History is kept in seconds, for 5 min.
    visit("lag.window", c.lag.window, duration_range{1s, 5min});

    visit("tasks.max", c.tasks.max, count_range{0, 1'000'000'000});
    // A single rise is every second pair of windows; it takes two in a row to be a trend.
    visit("tasks.leak_windows", c.tasks.leak_windows, count_range{2, 1000});
    visit("tasks.leak_window", c.tasks.leak_window, duration_range{1s, 24h});
    visit("tasks.leak_min", c.tasks.leak_min, count_range{1, 1'000'000'000});

    visit("watchdog.action", c.watchdog.action, watchdog_actions);
    visit("watchdog.lag", c.watchdog.lag, duration_range{1ms, 1h});
    visit("watchdog.trip_on", c.watchdog.trip_on, trip_causes);

    visit("report.stacks", c.report.stacks, any_flag{});
    // Zero would leave nothing but a count of what was not said; 6000 is 100 a second.
    visit("report.alerts_per_minute", c.report.alerts_per_minute, count_range{1, 6000});

    visit("bus.address", c.bus.address, text_rule{bus_address_problem});

    visit("debug.injection", c.debug.injection, any_flag{});
}

/// The same for one `[[service]]` of type "probe". Keys are bare. A key without a default must be
/// given.
/// @tparam Probe probe_config or const probe_config
template <class Probe, class Visitor>
void visit_probe_settings(Probe& p, Visitor&& visit) {
    using namespace std::chrono_literals;

    visit("name", p.name, text_rule{service_name_problem});
    visit("target", p.target, text_rule{probe_target_problem});
    // A target that is asked more than ten times a second is loaded, not probed.
    visit("interval", p.interval, duration_range{100ms, 24h});
    visit("timeout", p.timeout, duration_range{1ms, 1h});
    visit("slow", p.slow, duration_range{1ms, 1h});
}

/// Sections of the design that this version lacks: refused as such, not as a typing error.
inline constexpr std::array<std::string_view, 1> unsupported_sections = {
    "http",
};

} // namespace loopmond
