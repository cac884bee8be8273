// SPDX-License-Identifier: MIT
//
// Trips, and the time after them.
#include "judge/watchdog_gate.hpp"
#include "support/catch.hpp"
#include "unit/judge/gated_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr auto start = gated_loop::start;
constexpr duration tick = 1ns;

TEST_CASE("watchdog_gate: it trips at the limit and not a tick below") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(silent(main.late(2s, 5s - tick)));
    CHECK(main.gate.state() == watchdog_state::armed);

    const auto decision = main.late(2s + tick, 5s);
    CHECK(decision.trigger);
    CHECK_FALSE(decision.ping);
    CHECK_FALSE(decision.survived);
    REQUIRE(decision.tripped);
    CHECK(decision.tripped->loop == "main");
    CHECK(decision.tripped->episode == 7);
    CHECK(decision.tripped->lag == 5s);
    CHECK(decision.tripped->threshold == 5s);
    CHECK(decision.tripped->cause == cause::unknown);
    CHECK(decision.tripped->active_tasks == 4);
    CHECK(main.gate.state() == watchdog_state::triggered);
}

TEST_CASE("watchdog_gate: a trip takes the place of the ping that was due") {
    gated_loop main;
    REQUIRE(main.get_ready());
    ++main.progress;
    const auto decision = main.late(3s, 5s);
    CHECK(decision.tripped);
    CHECK_FALSE(decision.ping);
}

TEST_CASE("watchdog_gate: withhold trips without a trigger") {
    gated_loop main(watchdog_action::withhold);
    REQUIRE(main.get_ready());
    const auto decision = main.late(2s, 5s);
    CHECK(decision.tripped);
    CHECK_FALSE(decision.trigger);
    CHECK(main.gate.state() == watchdog_state::withheld);
}

TEST_CASE("watchdog_gate: off never trips, and feeds whatever the loops do") {
    gated_loop main(watchdog_action::off);
    REQUIRE(main.get_ready());
    CHECK(main.late(3s, 60s).ping);
    CHECK(main.late(6s, 63s).ping);
    CHECK_FALSE(main.late(9s, 66s).tripped);
    CHECK(main.gate.state() == watchdog_state::armed);
}

TEST_CASE("watchdog_gate: a pause does not trip") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK_FALSE(main.late(2s, 1h, cause::paused).tripped);
    CHECK(main.gate.state() == watchdog_state::armed);
}

TEST_CASE("watchdog_gate: no trip before judge_from, then one at once") {
    gated_loop main;
    REQUIRE(main.get_ready(5s));
    CHECK(silent(main.punctual(0s)));
    CHECK(main.gate.next_check() == start + 3s);
    CHECK(main.punctual(3s).ping);
    CHECK(main.gate.next_check() == start + 5s); // before the next ping
    CHECK(silent(main.late(5s - tick, 8s)));
    CHECK(main.late(5s, 8s).tripped);
}

TEST_CASE("watchdog_gate: each loop has a grace of its own") {
    gated_loop main;
    REQUIRE(main.get_ready());
    const auto shows = [&main](duration at) { // the second was added 10 s after READY=1
        const loop_vitals loops[] = {{.name = "main", .progress = ++main.progress},
                                     {.name = "second",
                                      .judge_from = start + 15s,
                                      .lag = at - 8s,
                                      .overdue = true,
                                      .progress = 1}};
        return main.gate.step(start + at, loops);
    };
    CHECK(shows(12s).ping);
    CHECK(main.gate.next_check() == start + 15s);
    CHECK(silent(shows(15s - tick)));
    const auto decision = shows(15s);
    REQUIRE(decision.tripped);
    CHECK(decision.tripped->loop == "second");
}

TEST_CASE("watchdog_gate: a survived trigger is reported once, two seconds after it") {
    gated_loop main;
    REQUIRE(main.get_ready());
    REQUIRE(main.late(2s, 5s).trigger);
    CHECK(main.gate.next_check() == start + 4s);
    CHECK(silent(main.late(4s - tick, 7s)));
    const auto decision = main.late(4s, 7s);
    REQUIRE(decision.survived);
    CHECK(decision.survived->since_trip == 2s);
    CHECK_FALSE(decision.ping);
    CHECK_FALSE(decision.trigger);
    CHECK(main.gate.next_check() == start + 4900ms);
    CHECK(silent(main.late(1h, 1h)));
    CHECK(main.gate.state() == watchdog_state::triggered);
}

TEST_CASE("watchdog_gate: withheld pings are survived when systemd's time is over by two seconds") {
    gated_loop main(watchdog_action::withhold);
    REQUIRE(main.get_ready());
    REQUIRE(main.punctual(3s).ping);
    REQUIRE(main.late(8s, 5s).tripped);
    CHECK(main.gate.next_check() == start + 14s);
    CHECK(silent(main.late(14s - tick, 11s)));
    const auto decision = main.late(14s, 11s);
    REQUIRE(decision.survived);
    CHECK(decision.survived->since_trip == 6s);
}

TEST_CASE("watchdog_gate: a loop that heals after the trip gets no ping before it has survived") {
    gated_loop main(watchdog_action::withhold);
    REQUIRE(main.get_ready());
    REQUIRE(main.late(2s, 5s).tripped);
    CHECK(silent(main.punctual(3s)));
    CHECK(silent(main.punctual(11s - tick)));
    const auto decision = main.punctual(11s);
    CHECK(decision.survived);
    CHECK(decision.ping);
    REQUIRE(decision.armed);
    CHECK(decision.armed->since_trip == 9s);
    CHECK(decision.armed->loop == "main");
    CHECK(decision.armed->reason == "loop main has recovered");
    CHECK(main.gate.state() == watchdog_state::armed);
}

TEST_CASE("watchdog_gate: it is armed again under half of the limit, and pings at once") {
    gated_loop main;
    REQUIRE(main.get_ready());
    REQUIRE(main.late(2s, 5s).trigger);
    REQUIRE(main.late(4s, 7s).survived);
    const auto shows_completed = [&main](duration at, duration lag) {
        return main.shows(at, {.name = "main", .lag = lag, .progress = ++main.progress});
    };
    CHECK(silent(shows_completed(5s, 2500ms)));
    CHECK(silent(main.late(6s, 100ms))); // overdue is not recovered
    CHECK(main.gate.state() == watchdog_state::triggered);
    CHECK(shows_completed(7s, 2500ms - tick).ping);
    CHECK(main.gate.state() == watchdog_state::armed);
    CHECK(main.gate.next_check() == start + 10s);

    SECTION("and trips again, with its own survival") {
        REQUIRE(main.late(20s, 5s).trigger);
        CHECK(main.late(22s, 7s).survived);
    }
}

TEST_CASE("watchdog_gate: every critical loop counts, the others do not") {
    gated_loop main;
    REQUIRE(main.get_ready());
    const auto shows = [&main](duration at, bool critical, duration lag) {
        const loop_vitals loops[] = {
            {.name = "main", .progress = ++main.progress},
            {.name = "second", .critical = critical, .lag = lag, .overdue = true, .progress = 1}};
        return main.gate.step(start + at, loops);
    };
    SECTION("one that is not critical neither holds back nor trips") {
        CHECK(shows(3s, false, 1s).ping);
        CHECK(shows(6s, false, 4s).ping);
        CHECK(shows(9s, false, 1h).ping);
    }
    SECTION("a critical one holds back once its progress is known, and trips") {
        CHECK(shows(3s, true, 1s).ping); // first sight of it
        CHECK(silent(shows(6s, true, 4s)));
        const auto decision = shows(7s, true, 5s);
        REQUIRE(decision.tripped);
        CHECK(decision.tripped->loop == "second");
        REQUIRE(shows(9s, true, 7s).survived);
        CHECK(silent(shows(10s, true, 8s))); // main alone is not enough
        const auto fed = shows(11s, false, 9s);
        CHECK(fed.ping);
        REQUIRE(fed.armed);
        CHECK(fed.armed->reason == "loop second does not gate the watchdog any more");
    }
}

TEST_CASE("watchdog_gate: the trip names the loop that is latest") {
    gated_loop main;
    REQUIRE(main.get_ready());
    const loop_vitals loops[] = {{.name = "late", .lag = 6s, .overdue = true},
                                 {.name = "later", .lag = 7s, .overdue = true},
                                 {.name = "latish", .lag = 5s, .overdue = true}};
    const auto decision = main.gate.step(start + 2s, loops);
    REQUIRE(decision.tripped);
    CHECK(decision.tripped->loop == "later");
}

TEST_CASE("watchdog_gate: action = off after a trip feeds at once, and says so") {
    const auto action = GENERATE(watchdog_action::trigger, watchdog_action::withhold);
    gated_loop main(action);
    REQUIRE(main.get_ready());
    REQUIRE(main.late(2s, 5s).tripped);
    main.gate.configure({.action = watchdog_action::off, .lag = 5s});
    const auto decision = main.late(3s, 6s);
    CHECK(decision.ping);
    CHECK_FALSE(decision.survived);
    REQUIRE(decision.armed);
    CHECK(decision.armed->since_trip == 1s);
    CHECK(decision.armed->reason == "watchdog.action is off now");
    CHECK(main.gate.state() == watchdog_state::armed);
    CHECK(silent(main.late(6s - tick, 9s)));
    CHECK(main.late(6s, 9s).ping);
}

TEST_CASE("watchdog_gate: a trip whose loop is unwatched stays one until it is survived") {
    gated_loop main(watchdog_action::withhold);
    REQUIRE(main.get_ready());
    REQUIRE(main.late(2s, 5s).tripped);
    CHECK(silent(main.gate.step(start + 3s, {})));
    const auto decision = main.gate.step(start + 11s, {});
    CHECK(decision.survived);
    CHECK(decision.ping);
    REQUIRE(decision.armed);
    CHECK(decision.armed->reason == "loop main is not watched any more");
}

TEST_CASE("watchdog_gate: new limits hold from the next step on") {
    gated_loop main(watchdog_action::off);
    REQUIRE(main.get_ready());
    REQUIRE_FALSE(main.late(2s, 1900ms).tripped);
    main.gate.configure({.action = watchdog_action::trigger, .lag = 2s});
    CHECK(main.gate.limits().lag == 2s);
    CHECK(main.late(2100ms, 2s).trigger);
}

} // namespace
} // namespace loopmon::judge
