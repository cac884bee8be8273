// SPDX-License-Identifier: MIT
//
// The whole way from the gauge to the events and the service manager, on a clock that is played:
// the loop is a gauge written by the test at the moments at which a sampler would.
#pragma once

#include "support/loop_of.hpp"
#include "watch/watcher.hpp"

#include "unit/watch/fakes.hpp"

#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>

using namespace std::chrono_literals;
namespace judge = loopmon::judge;
namespace model = loopmon::model;
namespace measure = loopmon::measure;
namespace watch = loopmon::watch;

inline constexpr model::time_point start{1000s};
inline constexpr auto interval = 250ms;

/// One loop, sampled every 250 ms, and the watcher over it.
struct scene {
    explicit scene(std::chrono::microseconds watchdog = 10s,
                   model::watchdog_action action = model::watchdog_action::trigger,
                   model::duration grace = 0s)
        : notifier(watchdog),
          watcher({.watchdog = {.action = action, .lag = 5s}, .grace = grace}, notifier, sink,
                  finder) {
        REQUIRE(loopmon::test::claim(io));
        watcher.add(1, start,
                    {.name = "main",
                     .critical = true,
                     .interval = interval,
                     .window = 1min,
                     .lag = {.warn = 100ms, .critical = 1s, .clear_after = 1s},
                     .tasks = {}},
                    loop, gauge);
        gauge->set_thread();
        deadline = start + interval;
        gauge->set_deadline(deadline);
        watcher.ready(start);
        next = watcher.step({start});
    }

    /// Plays until `end`. The loop runs, but not in [blocked, released); the whole process does not
    /// in [stopped, continued).
    void play(model::time_point end, model::time_point blocked = model::time_point::max(),
              model::time_point released = model::time_point::max(),
              model::time_point stopped = model::time_point::max(),
              model::time_point continued = model::time_point::max()) {
        const auto awake = [&](model::time_point at) {
            return at >= stopped && at < continued ? continued : at;
        };
        const auto unblocked = [&](model::time_point at) {
            return awake(at >= blocked && at < released ? released : at);
        };
        while (true) {
            const auto fires = unblocked(deadline);
            const auto wakes = awake(next);
            if (std::min(fires, wakes) > end) {
                return;
            }
            if (fires <= wakes) {
                const auto lag = fires - deadline;
                gauge->complete({deadline, lag}, interval);
                deadline += (lag / interval + 1) * interval;
                gauge->set_deadline(deadline);
            } else {
                next = watcher.step({wakes});
                ++steps;
            }
        }
    }

    [[nodiscard]] loopmon::model::loop_status status(model::time_point at) {
        return watcher.find(1)->status(at, watcher.pauses());
    }

    boost::asio::io_context io;
    std::shared_ptr<measure::loop_state> loop = loopmon::test::state_of(io);
    std::shared_ptr<measure::lag_gauge> gauge = std::make_shared<measure::lag_gauge>(interval);
    recorded_notifier notifier;
    recorded_events sink;
    played_investigator finder;
    watch::watcher watcher;
    model::time_point deadline;
    model::time_point next;
    int steps = 0;
};
