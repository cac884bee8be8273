// SPDX-License-Identifier: MIT
//
// The options of the C++ interface as those of loopmon.h. What they point to is that of the former.
#pragma once

#include <loopmon/loopmon.h>
#include <loopmon/options.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace loopmon::detail {

/// Of enum loopmon_trip_cause.
constexpr std::uint32_t c_bit(cause why) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(why);
}
static_assert(LOOPMON_TRIP_CPU == c_bit(cause::cpu) &&
              LOOPMON_TRIP_BLOCKED == c_bit(cause::blocked) &&
              LOOPMON_TRIP_IO == c_bit(cause::io) &&
              LOOPMON_TRIP_CONGESTION == c_bit(cause::congestion) &&
              LOOPMON_TRIP_STARVED == c_bit(cause::starved));

inline std::uint32_t c_bits(const std::vector<cause>& causes) noexcept {
    std::uint32_t bits = 0;
    for (const auto why : causes) {
        bits |= c_bit(why);
    }
    return bits;
}

static_assert(LOOPMON_WATCHDOG_TRIGGER == static_cast<int>(watchdog_action::trigger) &&
              LOOPMON_WATCHDOG_WITHHOLD == static_cast<int>(watchdog_action::withhold) &&
              LOOPMON_WATCHDOG_OFF == static_cast<int>(watchdog_action::off));
static_assert(LOOPMON_BUS_NONE == static_cast<int>(bus_kind::none) &&
              LOOPMON_BUS_SYSTEM == static_cast<int>(bus_kind::system) &&
              LOOPMON_BUS_SESSION == static_cast<int>(bus_kind::session));

inline loopmon_settings c_options(const monitor_settings& from) noexcept {
    loopmon_settings out{};
    out.size = sizeof out;
    out.watchdog_action = static_cast<std::int32_t>(from.watchdog.action);
    out.watchdog_trip_on = c_bits(from.watchdog.trip_on);
    out.watchdog_lag_nsec = from.watchdog.lag.count();
    out.grace_nsec = from.grace.count();
    out.injection = from.injection ? 1 : 0;
    out.stacks = from.stacks ? 1 : 0;
    return out;
}

inline loopmon_watch_options c_options(const watch_options& from) noexcept {
    loopmon_watch_options out{};
    out.size = sizeof out;
    out.name = from.name.c_str();
    out.interval_nsec = from.interval.count();
    out.warn_nsec = from.warn.count();
    out.critical_nsec = from.critical.count();
    out.clear_after_nsec = from.clear_after.count();
    out.window_nsec = from.window.count();
    out.tasks_max = from.tasks.max;
    out.tasks_leak_window_nsec = from.tasks.leak_window.count();
    out.tasks_leak_windows = from.tasks.leak_windows;
    out.alerts_per_minute = from.alerts_per_minute;
    out.tasks_leak_min = from.tasks.leak_min;
    out.gates_watchdog = from.gates_watchdog ? 1 : 0;
    return out;
}

/// Ends with a null pointer.
inline std::vector<const char*> c_list(const std::vector<std::string>& from) {
    std::vector<const char*> out;
    out.reserve(from.size() + 1);
    for (const auto& text : from) {
        out.push_back(text.c_str());
    }
    out.push_back(nullptr);
    return out;
}

/// Those of a monitor, for the call of loopmon_monitor_new() that they are made for.
class c_monitor_options {
public:
    explicit c_monitor_options(monitor_options from)
        : from_(std::move(from)), settings_(c_options(from_.settings)) {
        loopmon_monitor_options_init(&out_, sizeof out_);
        out_.bus = static_cast<std::int32_t>(from_.bus);
        out_.bus_address = from_.bus_address.c_str();
        out_.bus_name = from_.bus_name.c_str();
        out_.settings = &settings_;
        out_.state_directory = from_.state_directory.c_str();
        out_.auto_ready = from_.auto_ready ? 1 : 0;
        out_.stack_signal = from_.stack_signal.value_or(-1);
        if (from_.reload) {
            out_.userdata = new reload_function(std::move(from_.reload)); // destroy() deletes it
            out_.reload = [](loopmon_reload* call, void* function) { reload(call, function); };
            out_.destroy = [](void* function) { delete static_cast<reload_function*>(function); };
        }
    }
    c_monitor_options(const c_monitor_options&) = delete;
    c_monitor_options& operator=(const c_monitor_options&) = delete;

    operator const loopmon_monitor_options*() const noexcept {
        return &out_;
    } // NOLINT(*-explicit-*)

private:
    using reload_function = std::function<void(std::function<void(std::string error)> done)>;

    /// A call that is answered once: by the program, or when the program has dropped it.
    class pending_reload {
    public:
        explicit pending_reload(loopmon_reload* call) noexcept : call_(call) {}
        pending_reload(const pending_reload&) = delete;
        pending_reload& operator=(const pending_reload&) = delete;
        ~pending_reload() { done("the program did not answer"); }

        void done(const char* error) noexcept {
            if (auto* const call = call_.exchange(nullptr)) {
                loopmon_reload_done(call, error);
            }
        }

    private:
        std::atomic<loopmon_reload*> call_;
    };

    static void reload(loopmon_reload* call, void* function) {
        const auto pending = std::make_shared<pending_reload>(call);
        (*static_cast<reload_function*>(function))(
            [pending](const std::string& error) { pending->done(error.c_str()); });
    }

    monitor_options from_;
    loopmon_settings settings_;
    loopmon_monitor_options out_;
};

} // namespace loopmon::detail
