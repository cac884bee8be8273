// SPDX-License-Identifier: MIT
#include "options.hpp"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace loopmon {

namespace {

using namespace std::chrono_literals;

/// What is later than this is never. Sums of it and any time of the clock do not overflow.
constexpr auto longest = 24h;

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::invalid_argument(what);
    }
}

model::watchdog_action action_of(const watchdog_options& o) {
    switch (o.action) {
    case watchdog_action::trigger:
        return model::watchdog_action::trigger;
    case watchdog_action::withhold:
        return model::watchdog_action::withhold;
    case watchdog_action::off:
        break;
    }
    return model::watchdog_action::off;
}

judge::trip_causes trip_causes_of(const watchdog_options& o) {
    judge::trip_causes causes = {};
    for (const auto why : o.trip_on) {
        require(may_be_listed(info_of(why)),
                "watchdog_options::trip_on: a cause that may be listed "
                "(loopmon/cause.hpp)");
        causes.insert(why);
    }
    return causes;
}

} // namespace

watch::loop_settings checked(const watch_options& o) {
    require(!o.name.empty(), "watch_options::name must not be empty");
    require(o.interval >= 1ms && o.interval <= 1min, "watch_options::interval: 1 ms to 1 min");
    require(o.warn >= 1ms && o.warn < longest, "watch_options::warn: 1 ms to less than 24 h");
    require(o.critical > o.warn && o.critical <= longest,
            "watch_options::critical must be greater than warn, and 24 h at most");
    require(o.clear_after > 0ms && o.clear_after <= longest,
            "watch_options::clear_after must be greater than 0, and 24 h at most");
    require(o.window >= 1s && o.window <= 5min, "watch_options::window: 1 s to 5 min");
    require(o.alerts_per_minute > 0, "watch_options::alerts_per_minute must be greater than 0");
    require(o.tasks.leak_windows > 0, "task_limits::leak_windows must be greater than 0");
    require(o.tasks.leak_window >= 1s && o.tasks.leak_window <= longest,
            "task_limits::leak_window: 1 s to 24 h");
    return {.name = o.name,
            .critical = o.gates_watchdog,
            .interval = o.interval,
            .window = o.window,
            .lag = {.warn = o.warn,
                    .critical = o.critical,
                    .clear_after = o.clear_after,
                    .alerts_per_minute = o.alerts_per_minute},
            .tasks = {.max = o.tasks.max,
                      .leak_windows = o.tasks.leak_windows,
                      .leak_window = o.tasks.leak_window,
                      .leak_min = o.tasks.leak_min}};
}

watch::watcher_settings checked(const monitor_settings& s) {
    require(s.watchdog.lag > 0ms && s.watchdog.lag <= longest,
            "watchdog_options::lag must be greater than 0, and 24 h at most");
    require(s.grace >= 0ms && s.grace <= longest,
            "monitor_settings::grace must not be negative, and 24 h at most");
    return {.watchdog = {.action = action_of(s.watchdog),
                         .lag = s.watchdog.lag,
                         .trip_on = trip_causes_of(s.watchdog)},
            .grace = s.grace,
            .stacks = s.stacks};
}

std::string bus_address(const monitor_options& options) {
    if (!options.bus_address.empty()) {
        return options.bus_address;
    }
    switch (options.bus) {
    case bus_kind::system:
        return "system";
    case bus_kind::session:
        return "session";
    case bus_kind::none:
        break;
    }
    return {};
}

std::string bus_name(const monitor_options& options) {
    if (!options.bus_name.empty()) {
        return options.bus_name;
    }
    // An element of a bus name: [A-Za-z0-9_-], not starting with a digit (D-Bus specification).
    std::string id = program_invocation_short_name;
    for (auto& c : id) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') {
            c = '_';
        }
    }
    if (id.empty() || std::isdigit(static_cast<unsigned char>(id.front())) != 0) {
        id.insert(id.begin(), '_');
    }
    return "org.loopmon1.app." + id;
}

std::string state_directory(const monitor_options& options) {
    if (!options.state_directory.empty()) {
        return options.state_directory;
    }
    const char* const list = std::getenv("STATE_DIRECTORY");
    const std::string all = list != nullptr ? list : "";
    return all.substr(0, all.find(':'));
}

} // namespace loopmon
