// SPDX-License-Identifier: MIT
//
// From when on a loop is late, its tasks are too many, and the watchdog trips: every limit with its
// default, what is allowed, and how limits must agree. The library checks a program's options by
// it, the judge decides by it, and loopmond's configuration and its documents are made from it. So
// a new limit is a member, its range, and a line of visit_limits().
#pragma once

#include <loopmon/cause.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon {

using duration = std::chrono::nanoseconds; ///< as an option, of 24 h at most

enum class watchdog_action { trigger, withhold, off };

struct watchdog_action_info {
    watchdog_action value;
    std::string_view word;    ///< on D-Bus and in the configuration
    std::string_view meaning; ///< what it does when the loop is too late
};

inline constexpr std::array watchdog_actions{
    watchdog_action_info{watchdog_action::trigger, "trigger",
                         "has systemd end and restart the service at once"},
    watchdog_action_info{watchdog_action::withhold, "withhold",
                         "stops feeding the watchdog, so that it runs out"},
    watchdog_action_info{watchdog_action::off, "off", "always feeds it"},
};

constexpr std::string_view to_string(watchdog_action action) noexcept {
    for (const auto& row : watchdog_actions) {
        if (row.value == action) {
            return row.word;
        }
    }
    return "";
}

/// From `min` to `max`, both included.
template <class T>
struct option_range {
    T min;
    T max;
    [[nodiscard]] constexpr bool contains(T value) const { return value >= min && value <= max; }
};

namespace allowed {

using spans = option_range<duration>;
using counts = option_range<std::uint64_t>;

// Faster than 1 ms the sampler is the load; slower than 1 min nothing is seen in time.
inline constexpr spans interval{std::chrono::milliseconds(1), std::chrono::minutes(1)};
// Under 1 ms the scheduler is what one measures. No loop is late for a day, and no sum of one and
// any moment of the clock overflows.
inline constexpr spans lag{std::chrono::milliseconds(1), std::chrono::hours(24)};
inline constexpr spans grace{duration::zero(), std::chrono::hours(24)};
// History is kept in seconds, for 5 min.
inline constexpr spans window{std::chrono::seconds(1), std::chrono::minutes(5)};
// More tasks fit in no memory.
inline constexpr counts tasks{0, 1'000'000'000};
// A single rise is every second pair of windows; it takes two in a row to be a trend.
inline constexpr counts leak_windows{2, 1000};
inline constexpr spans leak_window{std::chrono::seconds(1), std::chrono::hours(24)};
inline constexpr counts leak_min{1, 1'000'000'000};
// Zero would leave nothing but a count of what was not said; 6000 is 100 a second.
inline constexpr counts alerts_per_minute{1, 6000};

} // namespace allowed

/// When a loop is late.
struct lag_limits {
    duration warn = std::chrono::milliseconds(100); ///< lag from which the loop is `degraded`
    duration critical = std::chrono::seconds(1);    ///< and `stalled`; greater than warn
    duration clear_after = std::chrono::seconds(1); ///< on time for this long, an episode is over
    unsigned alerts_per_minute = 10;                ///< further ones are counted, not printed
};

/// What makes the number of tasks suspicious.
struct task_limits {
    std::uint64_t max = 0;     ///< more active tasks than this are reported; 0: no limit
    unsigned leak_windows = 5; ///< a leak: the minimum of this many windows in a row rose ...
    duration leak_window = std::chrono::minutes(2);
    std::uint64_t leak_min = 10; ///< ... by at least this many tasks in all
};

/// One that may end the process or not, as the program wishes: cpu, blocked, io, congestion,
/// starved.
using trip_cause = cause;

/// When the watchdog trips.
struct watchdog_limits {
    watchdog_action action = watchdog_action::trigger;
    duration lag = std::chrono::seconds(5); ///< lag of an essential loop that trips the watchdog
    /// For these causes; also if the cause is not known, never while the process stands still or is
    /// being debugged. Not `starved` by default: a process that ends for want of CPU makes its
    /// machine busier.
    std::vector<trip_cause> trip_on = default_trip_causes();

    [[nodiscard]] bool trips_for(cause why) const noexcept {
        const auto& row = info_of(why);
        if (row.trips == cause_trips::always) {
            return true;
        }
        for (const auto listed : trip_on) {
            if (listed == why) {
                return may_be_listed(row);
            }
        }
        return false;
    }
};
using watchdog_options = watchdog_limits;

/// How one loop is watched.
struct watch_options {
    std::string name = "main"; ///< unique in its monitor; part of the D-Bus object path
    duration interval = std::chrono::milliseconds(250); ///< between samples, not above `window`
    duration warn = lag_limits().warn;                  ///< as in lag_limits
    duration critical = lag_limits().critical;
    duration clear_after = lag_limits().clear_after;
    duration window = std::chrono::minutes(1); ///< of percentiles and maxima
    task_limits tasks = {};
    unsigned alerts_per_minute = lag_limits().alerts_per_minute;
    bool gates_watchdog = true; ///< D-Bus property `Critical`: this loop is essential

    [[nodiscard]] lag_limits lag() const noexcept {
        return {.warn = warn,
                .critical = critical,
                .clear_after = clear_after,
                .alerts_per_minute = alerts_per_minute};
    }
};

/// What a reload may change while the monitor runs.
struct monitor_settings {
    watchdog_options watchdog = {};
    duration grace = std::chrono::seconds(5); ///< after READY, before anything is judged
    bool injection = false; ///< allow the D-Bus method Inject, for those who test their alerting
    bool stacks = true;     ///< take the stack of a thread that is stuck (README: Stacks)
};

/// Calls visit(name, value, range) for each limit of a loop.
template <class Visit>
void visit_limits(const watch_options& o, Visit&& visit) {
    visit("interval", o.interval, allowed::interval);
    visit("warn", o.warn, allowed::lag);
    visit("critical", o.critical, allowed::lag);
    visit("clear_after", o.clear_after, allowed::lag);
    visit("window", o.window, allowed::window);
    visit("tasks.max", o.tasks.max, allowed::tasks);
    visit("tasks.leak_windows", o.tasks.leak_windows, allowed::leak_windows);
    visit("tasks.leak_window", o.tasks.leak_window, allowed::leak_window);
    visit("tasks.leak_min", o.tasks.leak_min, allowed::leak_min);
    visit("alerts_per_minute", o.alerts_per_minute, allowed::alerts_per_minute);
}

template <class Visit>
void visit_limits(const monitor_settings& s, Visit&& visit) {
    visit("watchdog.lag", s.watchdog.lag, allowed::lag);
    visit("grace", s.grace, allowed::grace);
}

/// How the first of two limits must be to the second.
enum class agreement { less, not_greater };

/// Calls visit(a, agreement, b) for each pair of limits that must agree, with references to members
/// of `o`.
template <class Visit>
void visit_rules(const watch_options& o, Visit&& visit) {
    visit(o.warn, agreement::less, o.critical);
    // Or the window of the percentiles may hold no sample at all.
    visit(o.interval, agreement::not_greater, o.window);
}

/// The same between a loop and a watchdog that is there for this loop alone, as in loopmond. A
/// library's program may have loops that never become critical before it trips.
template <class Visit>
void visit_rules(const watch_options& o, const watchdog_limits& watchdog, Visit&& visit) {
    // A restart for a lag that is not even critical; without a watchdog the number means nothing.
    if (watchdog.action != watchdog_action::off) {
        visit(o.critical, agreement::not_greater, watchdog.lag);
    }
}

[[nodiscard]] constexpr bool agree(duration a, agreement how, duration b) noexcept {
    return how == agreement::less ? a < b : a <= b;
}

} // namespace loopmon
