// SPDX-License-Identifier: MIT
#include "capi/options.hpp"

#include "capi/reload_handle.hpp"

#include <loopmon/detail/c_options.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace loopmon::capi {

namespace {

using nanoseconds = std::chrono::nanoseconds;

[[noreturn]] void refuse(std::string_view structure, const char* problem) {
    throw std::invalid_argument(std::string(structure) + problem);
}

/// What was given, over what it leaves out. A newer program may set fields that this library does
/// not know, as long as they are zero.
template <class Options>
Options complete(const Options* given, Options known, std::string_view name) {
    if (given == nullptr) {
        return known;
    }
    if (given->size < sizeof given->size) {
        refuse(name, "::size is not set: call the function that fills in the defaults");
    }
    const auto* const bytes = reinterpret_cast<const unsigned char*>(given);
    if (std::any_of(bytes + std::min(sizeof known, given->size), bytes + given->size,
                    [](unsigned char byte) { return byte != 0; })) {
        refuse(name, " has a field that this version of the library does not know");
    }
    std::memcpy(&known, given, std::min(sizeof known, given->size));
    known.size = sizeof known;
    return known;
}

/// An enumerator by its number, which are the same in C and C++.
template <class Enum>
Enum enumerator(std::int32_t number, Enum last, const char* what) {
    if (number < 0 || number > static_cast<std::int32_t>(last)) {
        refuse(what, ": not one of its enumerators");
    }
    return static_cast<Enum>(number);
}

std::vector<cause> causes_of(std::uint32_t bits) {
    std::vector<cause> listed;
    for (const auto& row : causes) {
        if ((bits & detail::c_bit(row.value)) != 0) {
            listed.push_back(row.value);
            bits &= ~detail::c_bit(row.value);
        }
    }
    if (bits != 0) {
        refuse("loopmon_settings::watchdog_trip_on", ": not of enum loopmon_trip_cause");
    }
    return listed;
}

loopmon_settings default_settings() {
    return detail::c_options(monitor_settings());
}

loopmon_monitor_options default_monitor_options() {
    loopmon_monitor_options out{};
    out.size = sizeof out;
    out.auto_ready = 1;
    out.stack_signal = -1;
    return out;
}

loopmon_watch_options default_watch_options() {
    auto out = detail::c_options(watch_options());
    out.name = "main"; // which lives on
    return out;
}

/// As much of the defaults as the caller's structure has room for.
template <class Options>
void fill(Options* to, std::size_t size, const Options& defaults) noexcept {
    if (to == nullptr || size < sizeof defaults.size) {
        return;
    }
    std::memset(to, 0, size);
    std::memcpy(to, &defaults, std::min(size, sizeof defaults));
    to->size = size;
}

/// The reload of the options: the program's function, and its userdata for as long as it may be
/// called.
class reload_call {
public:
    explicit reload_call(const loopmon_monitor_options& from)
        : call_(from.reload),
          userdata_(
              from.userdata, from.destroy != nullptr ? from.destroy : [](void*) {}) {}
    void operator()(std::function<void(std::string error)> done) const {
        auto pending = std::make_unique<loopmon_reload>();
        pending->done = std::move(done);
        call_(pending.release(), userdata_.get()); // loopmon_reload_done() ends it
    }

private:
    void (*call_)(loopmon_reload*, void*);
    std::shared_ptr<void> userdata_;
};

} // namespace

std::string text_of(const char* given) {
    return given != nullptr ? given : "";
}

std::vector<std::string> list_of(const char* const* given) {
    std::vector<std::string> list;
    for (; given != nullptr && *given != nullptr; ++given) {
        list.emplace_back(*given);
    }
    return list;
}

monitor_settings settings_of(const loopmon_settings* given) {
    const auto from = complete(given, default_settings(), "loopmon_settings");
    monitor_settings out;
    out.watchdog.action =
        enumerator(from.watchdog_action, watchdog_action::off, "loopmon_settings::watchdog_action");
    out.watchdog.lag = nanoseconds(from.watchdog_lag_nsec);
    out.watchdog.trip_on = causes_of(from.watchdog_trip_on);
    out.grace = nanoseconds(from.grace_nsec);
    out.injection = from.injection != 0;
    out.stacks = from.stacks != 0;
    return out;
}

monitor_options options_of(const loopmon_monitor_options* given) {
    const auto from = complete(given, default_monitor_options(), "loopmon_monitor_options");
    monitor_options out;
    out.bus = enumerator(from.bus, bus_kind::session, "loopmon_monitor_options::bus");
    out.bus_address = text_of(from.bus_address);
    out.bus_name = text_of(from.bus_name);
    out.settings = settings_of(from.settings);
    out.state_directory = text_of(from.state_directory);
    out.auto_ready = from.auto_ready != 0;
    if (from.stack_signal >= 0) {
        out.stack_signal = from.stack_signal;
    }
    if (from.reload != nullptr) {
        out.reload = reload_call(from);
    } else if (from.destroy != nullptr) {
        from.destroy(from.userdata);
    }
    return out;
}

watch_options options_of(const loopmon_watch_options* given) {
    const auto from = complete(given, default_watch_options(), "loopmon_watch_options");
    watch_options out;
    out.name = text_of(from.name);
    out.interval = nanoseconds(from.interval_nsec);
    out.warn = nanoseconds(from.warn_nsec);
    out.critical = nanoseconds(from.critical_nsec);
    out.clear_after = nanoseconds(from.clear_after_nsec);
    out.window = nanoseconds(from.window_nsec);
    out.tasks.max = from.tasks_max;
    out.tasks.leak_windows = from.tasks_leak_windows;
    out.tasks.leak_window = nanoseconds(from.tasks_leak_window_nsec);
    out.tasks.leak_min = from.tasks_leak_min;
    out.alerts_per_minute = from.alerts_per_minute;
    out.gates_watchdog = from.gates_watchdog != 0;
    return out;
}

loopmon_loop_ops ops_of(const loopmon_loop_ops& given) {
    loopmon_loop_ops none{};
    none.size = sizeof none;
    const auto ops = complete(&given, none, "loopmon_loop_ops");
    constexpr std::uint32_t known = LOOPMON_LOOP_TRACKED | LOOPMON_LOOP_SAMPLED;
    if ((ops.flags & ~known) != 0) {
        refuse("loopmon_loop_ops::flags", ": not of enum loopmon_loop_flags");
    }
    return ops;
}

} // namespace loopmon::capi

using namespace loopmon::capi;

void loopmon_settings_init(loopmon_settings* settings, std::size_t size) noexcept {
    fill(settings, size, default_settings());
}

void loopmon_monitor_options_init(loopmon_monitor_options* options, std::size_t size) noexcept {
    fill(options, size, default_monitor_options());
}

void loopmon_watch_options_init(loopmon_watch_options* options, std::size_t size) noexcept {
    fill(options, size, default_watch_options());
}
