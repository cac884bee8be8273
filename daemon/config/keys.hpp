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

/// A key, and what it means to an operator. From the help, the range and the default
/// packaging/loopmond.toml and the sections of packaging/man/loopmond.toml.5 are made
/// (tests/unit/config/documents_test.cpp); names that a manual sets bold are between asterisks.
struct key {
    std::string_view name;
    std::string_view help;
    constexpr operator std::string_view() const noexcept { return name; } // NOLINT
};

/// Calls visit(key, value, rule) for each key outside `[[service]]`, section by section.
/// @tparam Config config or const config
template <class Config, class Visitor>
void visit_settings(Config& c, Visitor&& visit) {
    namespace allowed = loopmon::allowed;

    visit(key{"loop.interval",
              "Time between two samples of the loop; not longer than *window* of *[lag]*."},
          c.watch.interval, allowed::interval);
    // Services wait, they do not compute: more threads than this are a typing error.
    visit(key{"loop.threads", "Threads that run the loop."}, c.threads, count_range{1, 64});

    visit(key{"lag.warn", "Lag from which the loop is degraded; shorter than *critical*."},
          c.watch.warn, allowed::lag);
    visit(key{"lag.critical", "Lag from which the loop is stalled."}, c.watch.critical,
          allowed::lag);
    visit(key{"lag.clear_after",
              "A loop has recovered when its lag has stayed under half of *warn* for this long."},
          c.watch.clear_after, allowed::lag);
    visit(key{"lag.grace", "Nothing is judged for this long after the start."}, c.monitor.grace,
          allowed::grace);
    visit(key{"lag.window", "Span of the percentiles and maxima."}, c.watch.window,
          allowed::window);

    visit(key{"tasks.max", "More active tasks than this are reported; 0 means no limit."},
          c.watch.tasks.max, allowed::tasks);
    visit(key{"tasks.leak_windows",
              "A leak is reported when the least number of active tasks in a window has risen "
              "for this many windows in a row."},
          c.watch.tasks.leak_windows, allowed::leak_windows);
    visit(key{"tasks.leak_window", "Length of such a window."}, c.watch.tasks.leak_window,
          allowed::leak_window);
    visit(key{"tasks.leak_min", "The least rise in total that is a leak."}, c.watch.tasks.leak_min,
          allowed::leak_min);

    visit(key{"watchdog.action", "What is done when the loop is too late:"},
          c.monitor.watchdog.action, watchdog_actions);
    visit(key{"watchdog.lag",
              "Lag that is too late; not shorter than *critical* of *[lag]*, unless *action* is "
              "\"off\". It should be shorter than *WatchdogSec=* of the unit by a third at least, "
              "or systemd acts first."},
          c.monitor.watchdog.lag, allowed::lag);
    visit(
        key{"watchdog.trip_on",
            "Causes of lag that trip. A loop that is late for another cause is reported, but does "
            "not trip. An unknown cause always trips, a process that is paused, frozen or debugged "
            "never does. Any of:"},
        c.monitor.watchdog.trip_on, trip_causes);

    visit(key{"report.stacks",
              "Take the stack of a thread that is stuck in a handler: from outside if it sleeps "
              "in a system call, which goes on undisturbed, by a real-time signal if it "
              "computes."},
          c.monitor.stacks, any_flag{});
    visit(key{"report.alerts_per_minute",
              "Alerts in the journal for each loop and minute; more are counted, not printed. A "
              "loop that was late as often as this, without five minutes of rest, is summed up "
              "at doubling intervals instead."},
          c.watch.alerts_per_minute, allowed::alerts_per_minute);

    visit(
        key{"bus.address",
            "\"system\", \"session\", \"none\", or a D-Bus address such as \"unix:path=/run/bus\". "
            "*systemctl reload* uses the system bus; elsewhere use *systemctl kill -s HUP "
            "loopmond*."},
        c.bus_address, text_rule{bus_address_problem});

    visit(key{"debug.injection",
              "Allow the D-Bus method *Inject*, which stalls the loop for real, to test your "
              "alerting."},
          c.monitor.injection, any_flag{});
}

/// The same for one `[[service]]` of type "probe". Keys are bare. A key without a default must be
/// given.
/// @tparam Probe probe_config or const probe_config
template <class Probe, class Visitor>
void visit_probe_settings(Probe& p, Visitor&& visit) {
    using namespace std::chrono_literals;

    visit(key{"name", "1 to 64 printable ASCII characters."}, p.name,
          text_rule{service_name_problem});
    visit(key{"target", "\"dbus:NAME\", the bus name of the daemon. A probe never starts it."},
          p.target, text_rule{probe_target_problem});
    // A target that is asked more than ten times a second is loaded, not probed.
    visit(key{"interval", "Time between two questions."}, p.interval, duration_range{100ms, 24h});
    visit(key{"timeout", "No answer for this long is a failure; not longer than *interval*."},
          p.timeout, duration_range{1ms, 1h});
    visit(key{"slow", "An answer that takes this long is slow; shorter than *timeout*."}, p.slow,
          duration_range{1ms, 1h});
}

/// Sections of the design that this version lacks: refused as such, not as a typing error.
inline constexpr std::array<std::string_view, 1> unsupported_sections = {
    "http",
};

} // namespace loopmond
