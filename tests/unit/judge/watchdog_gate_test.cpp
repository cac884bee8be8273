// SPDX-License-Identifier: MIT
//
// Pings. Trips are in watchdog_gate_trip_test.cpp, random schedules in
// watchdog_gate_schedule_test.cpp.
#include "judge/watchdog_gate.hpp"
#include "support/catch.hpp"
#include "unit/judge/gated_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr auto start = gated_loop::start;
constexpr duration tick = 1ns;

TEST_CASE("watchdog_gate: no ping before READY, the first one with it") {
    gated_loop main;
    CHECK(main.gate.state() == watchdog_state::off);
    CHECK(main.gate.next_check() == time_point::max());
    CHECK(silent(main.punctual(0s)));
    main.gate.ready(start + 1s, {});
    CHECK(main.gate.state() == watchdog_state::armed);
    CHECK(silent(main.punctual(1s))); // a second one would follow on its heels
    CHECK(main.gate.next_check() == start + 4s);
}

TEST_CASE("watchdog_gate: a ping every third of the period, to the tick") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(silent(main.punctual(0s)));
    CHECK(main.gate.next_check() == start + 3s);
    CHECK(silent(main.punctual(3s - tick)));
    CHECK(main.gate.next_check() == start + 3s);
    CHECK(main.punctual(3s).ping);
    CHECK(main.gate.next_check() == start + 6s);
    CHECK(silent(main.punctual(3s + tick)));
    CHECK(silent(main.punctual(6s - tick)));
    CHECK(main.punctual(6s).ping);
}

TEST_CASE("watchdog_gate: nothing is said after STOPPING") {
    gated_loop main;
    REQUIRE(main.get_ready());
    main.gate.stopping();
    CHECK(main.gate.state() == watchdog_state::off);
    CHECK(main.gate.next_check() == time_point::max());
    CHECK(silent(main.punctual(3s)));
    CHECK(silent(main.late(20s, 10s)));
    main.gate.ready(start + 30s, {});
    CHECK(silent(main.punctual(30s)));
}

TEST_CASE("watchdog_gate: without a watchdog nothing is ever said") {
    gated_loop main(watchdog_action::trigger, 0s);
    main.gate.ready(start, {});
    CHECK(main.gate.state() == watchdog_state::off);
    CHECK(silent(main.punctual(0s)));
    CHECK(silent(main.late(60s, 50s)));
    CHECK(main.gate.next_check() == time_point::max());
}

TEST_CASE("watchdog_gate: a loop that is overdue without progress gets no ping until it has") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(silent(main.late(3s, 1s)));
    CHECK(main.gate.next_check() == start + 3900ms);
    CHECK(silent(main.late(3900ms, 1900ms)));
    CHECK(main.gate.next_check() == start + 4800ms);
    ++main.progress; // and overdue again: slow, but alive
    CHECK(main.late(4s, 100ms).ping);
    CHECK(main.gate.next_check() == start + 7s);
}

TEST_CASE("watchdog_gate: lag under the limit does not hold a ping back while there is progress") {
    gated_loop main;
    REQUIRE(main.get_ready());
    ++main.progress;
    CHECK(main.late(3s, 5s - tick).ping);
}

TEST_CASE("watchdog_gate: a loop that is not overdue needs no progress") {
    gated_loop main; // its interval is longer than a ping period
    REQUIRE(main.get_ready());
    CHECK(main.shows(3s, {.name = "main", .progress = main.progress}).ping);
    CHECK(main.shows(6s, {.name = "main", .progress = main.progress}).ping);
}

TEST_CASE("watchdog_gate: a loop in its grace is pinged for, however late it is") {
    gated_loop main; // WatchdogSec= is shorter than the grace: without pings systemd ends it
    REQUIRE(main.get_ready(60s));
    for (auto at = 3s; at < 60s; at += 3s) {
        CHECK(main.late(at, at + 1h).ping);
    }
    CHECK(main.late(60s, 1h).tripped);
}

TEST_CASE("watchdog_gate: READY=1 counts once") {
    gated_loop main;
    REQUIRE(main.get_ready());
    main.gate.ready(start + 1s, {});
    CHECK(silent(main.punctual(1s)));
    CHECK(main.gate.next_check() == start + 3s);
}

TEST_CASE("watchdog_gate: a paused loop is pinged for") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(main.late(3s, 2s, cause::paused).ping);
}

TEST_CASE("watchdog_gate: a loop that is gone is not waited for") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(main.gate.step(start + 3s, {}).ping);
}

TEST_CASE("watchdog_gate: a late step of loops on time pings and trips nothing") {
    gated_loop main; // SIGCONT after an hour
    REQUIRE(main.get_ready());
    const auto decision = main.shows(1h, {.name = "main", .progress = main.progress});
    CHECK(decision.ping);
    CHECK_FALSE(decision.tripped);
    CHECK(main.gate.next_check() == start + 1h + 3s);
}

} // namespace
} // namespace loopmon::judge
