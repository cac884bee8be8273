// SPDX-License-Identifier: MIT
//
// What is sent to the watchdog for loops that are in their grace or at rest.
#include "support/loop_of.hpp"
#include "unit/watch/scene.hpp"

namespace {

/// A further loop of a scene, which never meets the deadline that the test sets.
struct further_loop {
    explicit further_loop(scene& of, model::duration warn = 100ms) {
        REQUIRE(loopmon::test::claim(io));
        gauge->set_thread();
        of.watcher.add(2, of.next,
                       {.name = "second",
                        .critical = true,
                        .interval = interval,
                        .window = 1min,
                        .lag = {.warn = warn, .critical = warn * 10, .clear_after = 1s},
                        .tasks = {}},
                       loop, gauge);
    }

    boost::asio::io_context io;
    std::shared_ptr<measure::loop_state> loop = loopmon::test::state_of(io);
    std::shared_ptr<measure::lag_gauge> gauge = std::make_shared<measure::lag_gauge>(interval);
};

} // namespace

TEST_CASE("watcher: a loop that is added later has its own grace, in which systemd is fed",
          "[watch]") {
    scene s(3s, model::watchdog_action::trigger, 60s);
    s.play(start + 100s); // the grace of the first one is over
    const further_loop second(s);
    second.gauge->set_deadline(start + 101s);
    const auto pings = s.notifier.count("ping");
    s.play(start + 159s);
    CHECK(s.sink.all<model::trip>().empty());
    CHECK(s.notifier.count("ping") >= pings + 58); // WatchdogSec=3s: one a second
    s.play(start + 165s);
    CHECK(s.sink.all<model::trip>().size() == 1);
}

TEST_CASE(
    "watcher: a stall that was over before judging began does not trip, however long it shows",
    "[watch]") {
    scene s(3s, model::watchdog_action::trigger, 20s);
    const further_loop slow(s); // a sampler that shows its last sample for a minute
    slow.gauge->set_interval(1min);
    slow.gauge->set_deadline(start + 1s);
    s.play(start + 10s);
    slow.gauge->complete({start + 1s, 9s}, 1min);
    slow.gauge->set_deadline(start + 70s);
    s.play(start + 65s);
    CHECK(s.sink.all<model::trip>().empty());
    CHECK(s.notifier.count("ping") >= 64);
}

TEST_CASE("watcher: a loop at rest does not trip, also if it would be warned of only later",
          "[watch]") {
    scene s;
    further_loop second(s, 20s); // the watchdog's lag is 5 s
    second.gauge->set_deadline(start + 1s);
    second.io.stop();
    s.play(start + 60s);
    CHECK(s.sink.all<model::trip>().empty());
}

TEST_CASE("watcher: a lag of the watchdog that a reload shortens holds at once", "[watch]") {
    scene s(30s);
    further_loop second(s, 20s);
    second.gauge->set_deadline(start + 1s);
    s.watcher.configure({.watchdog = {.lag = 15s}, .grace = 0s});
    s.play(start + 9s);
    REQUIRE(s.sink.all<model::trip>().empty());
    s.watcher.configure({.watchdog = {.lag = 5s}, .grace = 0s});
    (void)s.watcher.step({start + 9s});
    CHECK(s.sink.all<model::trip>().size() == 1);
}
