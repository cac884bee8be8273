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

inline constexpr auto watchdog_actions = [] {
    one_of<loopmon::watchdog_action, loopmon::watchdog_actions.size()> allowed{};
    auto* next = allowed.words.begin();
    for (const auto& row : loopmon::watchdog_actions) {
        *next++ = {row.word, row.value};
    }
    return allowed;
}();

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
    namespace allowed = loopmon::allowed;

    visit("loop.interval", c.watch.interval, allowed::interval);
    // Services wait, they do not compute: more threads than this are a typing error.
    visit("loop.threads", c.threads, count_range{1, 64});

    visit("lag.warn", c.watch.warn, allowed::lag);
    visit("lag.critical", c.watch.critical, allowed::lag);
    visit("lag.clear_after", c.watch.clear_after, allowed::lag);
    visit("lag.grace", c.monitor.grace, allowed::grace);
    visit("lag.window", c.watch.window, allowed::window);

    visit("tasks.max", c.watch.tasks.max, allowed::tasks);
    visit("tasks.leak_windows", c.watch.tasks.leak_windows, allowed::leak_windows);
    visit("tasks.leak_window", c.watch.tasks.leak_window, allowed::leak_window);
    visit("tasks.leak_min", c.watch.tasks.leak_min, allowed::leak_min);

    visit("watchdog.action", c.monitor.watchdog.action, watchdog_actions);
    visit("watchdog.lag", c.monitor.watchdog.lag, allowed::lag);
    visit("watchdog.trip_on", c.monitor.watchdog.trip_on, trip_causes);

    visit("report.stacks", c.monitor.stacks, any_flag{});
    visit("report.alerts_per_minute", c.watch.alerts_per_minute, allowed::alerts_per_minute);

    visit("bus.address", c.bus_address, text_rule{bus_address_problem});

    visit("debug.injection", c.monitor.injection, any_flag{});
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
