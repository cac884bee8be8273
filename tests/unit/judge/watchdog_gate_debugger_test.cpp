// SPDX-License-Identifier: MIT
//
// How long the service manager waits while a debugger is attached.
#include "judge/watchdog_gate.hpp"
#include "support/catch.hpp"
#include "unit/judge/gated_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr auto start = gated_loop::start;
constexpr auto period = gated_loop::period;

TEST_CASE("watchdog_gate: while a debugger is attached the service manager waits an hour") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK_FALSE(main.punctual(1s).wait);
    main.gate.debugged(true);
    CHECK(main.punctual(2s).wait == 1h);
    CHECK(main.gate.wait() == 1h);
    main.gate.debugged(true);
    CHECK(silent(main.punctual(2500ms))); // said once
    CHECK(main.gate.next_check() == start + 3s);
    CHECK(main.punctual(3s).ping); // as often as before

    const auto goes_on = main.punctual(20min); // it was stopped
    CHECK(goes_on.ping);
    CHECK_FALSE(goes_on.wait);

    main.gate.debugged(false);
    CHECK(main.punctual(20min + 1s).wait == period);
    CHECK(main.gate.wait() == period);
    CHECK(silent(main.punctual(20min + 2s)));
}

TEST_CASE("watchdog_gate: a debugger that is there before READY=1 counts from READY=1 on") {
    gated_loop main;
    main.gate.debugged(true);
    CHECK_FALSE(main.punctual(-1s).wait);
    REQUIRE(main.get_ready());
    CHECK(main.punctual(1ms).wait == 1h);
}

TEST_CASE("watchdog_gate: after STOPPING=1 a debugger that goes arms no watchdog") {
    gated_loop main;
    REQUIRE(main.get_ready());
    main.gate.debugged(true);
    CHECK(main.punctual(1s).wait);
    main.gate.stopping();
    main.gate.debugged(false);
    CHECK(silent(main.punctual(2s)));
}

TEST_CASE("watchdog_gate: a trip is not called off by a debugger") {
    const auto action = GENERATE(watchdog_action::trigger, watchdog_action::withhold);
    gated_loop main(action);
    REQUIRE(main.get_ready());

    SECTION("that was attached before: the period runs from the trip on") {
        main.gate.debugged(true);
        CHECK(main.punctual(1s).wait == 1h);
        const auto decision = main.late(8s, 5s, cause::blocked);
        CHECK(decision.tripped);
        CHECK(decision.wait == period);
        // That is when systemd ends it.
        const auto due = action == watchdog_action::trigger ? 8s + 2s : 8s + period + 2s;
        CHECK_FALSE(main.late(due - 1ms, 5s).survived);
        CHECK(main.late(due, 5s).survived);
        const auto again = main.punctual(30s);
        CHECK(again.armed);
        CHECK(again.ping);
        CHECK(again.wait == 1h);
    }
    SECTION("that attaches after it") {
        CHECK(main.late(8s, 5s, cause::blocked).tripped);
        main.gate.debugged(true);
        CHECK(silent(main.late(9s, 6s)));
    }
}

TEST_CASE("watchdog_gate: with action = off, or a longer period, nobody waits for a debugger") {
    gated_loop main(watchdog_action::off);
    REQUIRE(main.get_ready());
    main.gate.debugged(true);
    CHECK(silent(main.punctual(1s)));
    main.gate.configure({.action = watchdog_action::trigger, .lag = gated_loop::limit});
    CHECK(main.punctual(2s).wait == 1h);
    main.gate.configure({.action = watchdog_action::off, .lag = gated_loop::limit});
    CHECK(main.punctual(2500ms).wait == period);

    gated_loop patient(watchdog_action::trigger, 2h);
    REQUIRE(patient.get_ready());
    patient.gate.debugged(true);
    CHECK(silent(patient.punctual(1s)));

    gated_loop unwatched(watchdog_action::trigger, 0s);
    CHECK_FALSE(unwatched.get_ready());
    unwatched.gate.debugged(true);
    CHECK(silent(unwatched.punctual(1s)));
}

} // namespace
} // namespace loopmon::judge
