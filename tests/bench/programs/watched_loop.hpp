// SPDX-License-Identifier: MIT
//
// One source, measured with and without us: where BENCH_MONITOR is defined the loop is watched by
// a monitor as a user would watch it, elsewhere nothing of loopmon is in the program.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#ifdef BENCH_MONITOR
#include <loopmon/loopmon.hpp>
#endif

#include <chrono>
#include <string>
#include <utility>

namespace bench {

struct loop_options {
    std::string bus_address = {}; ///< empty: no bus
    std::chrono::milliseconds warn{100};
    bool alerts = false; ///< written to the journal or to standard error
};

#ifdef BENCH_MONITOR

inline loopmon::monitor_options monitor_options_of(const loop_options& options) {
    loopmon::monitor_options out;
    out.bus_address = options.bus_address;
    out.bus_name = "org.loopmon1.app.bench";
    out.settings.watchdog.action = loopmon::watchdog_action::off;
    out.settings.grace = {}; // judged from the first stall on
    return out;
}

inline loopmon::watch_options watch_options_of(const loop_options& options) {
    loopmon::watch_options out;
    out.warn = options.warn;
    // One threshold is enough to time an alert; a second one would make it two.
    out.critical = std::chrono::hours(1);
    out.clear_after = std::chrono::milliseconds(50); // each stall is an episode of its own
    out.window = std::chrono::minutes(5);            // no run is longer: nothing leaves the window
    out.alerts_per_minute = 6000;
    return out;
}

class watched_loop {
public:
    watched_loop(boost::asio::io_context& io, const loop_options& options)
        : monitor_(monitor_options_of(options)),
          watched_(monitor_.watch(io, watch_options_of(options))) {
        constexpr int emergencies_only = 0;
        constexpr int informational = 6;
        monitor_.log_level(options.alerts ? informational : emergencies_only);
    }

    [[nodiscard]] loopmon::monitor& monitor() { return monitor_; }

private:
    loopmon::monitor monitor_;
    loopmon::watched watched_;
};

template <class Coroutine>
void spawn(boost::asio::io_context& io, const char* name, Coroutine&& coroutine) {
    loopmon::spawn(io, name, std::forward<Coroutine>(coroutine));
}

#else

class watched_loop {
public:
    watched_loop(boost::asio::io_context&, const loop_options&) {}
};

template <class Coroutine>
void spawn(boost::asio::io_context& io, const char*, Coroutine&& coroutine) {
    boost::asio::co_spawn(io, std::forward<Coroutine>(coroutine), boost::asio::detached);
}

#endif

} // namespace bench
