// SPDX-License-Identifier: MIT
//
// A clock for asio timers that stands until a test moves it. Its time points are those of
// steady_clock, so what is measured with it needs no conversion.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <chrono>

namespace loopmon::test {

struct manual_clock {
    using time_point = std::chrono::steady_clock::time_point;
    using duration = time_point::duration;
    using rep = duration::rep;
    using period = duration::period;
    static constexpr bool is_steady = true;

    static time_point now() noexcept { return time_point(since_epoch.load()); }
    static void advance(duration by) noexcept { since_epoch = since_epoch.load() + by; }

private:
    // Not zero: a time point of zero is what a forgotten one looks like.
    static inline std::atomic<duration> since_epoch{std::chrono::hours(1)};
};

/// Real time that the reactor waits before it looks at the clock again: none, at each poll it does.
struct manual_wait_traits {
    static manual_clock::duration to_wait_duration(manual_clock::duration) { return {}; }
    static manual_clock::duration to_wait_duration(manual_clock::time_point) { return {}; }
};

using manual_timer = boost::asio::basic_waitable_timer<manual_clock, manual_wait_traits,
                                                       boost::asio::io_context::executor_type>;

/// Runs what is ready, and the timers that are due by the manual clock. The caller holds a work
/// guard of `io`, or poll() stops it when nothing else is left.
inline void run_due(boost::asio::io_context& io) {
    // The reactor learns of due timers from the kernel, not necessarily at once. It takes all that
    // are due together, in order: when this one has run, so have those before it.
    manual_timer last(io, manual_clock::now());
    bool ran = false;
    last.async_wait([&ran](boost::system::error_code) { ran = true; });
    while (!ran) {
        io.poll();
    }
    io.poll();
}

/// Moves the clock, then runs what is due.
inline void advance(boost::asio::io_context& io, manual_clock::duration by) {
    manual_clock::advance(by);
    run_due(io);
}

} // namespace loopmon::test
