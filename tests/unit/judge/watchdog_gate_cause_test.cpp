// SPDX-License-Identifier: MIT
//
// Which causes trip, and which are fed.
#include "judge/watchdog_gate.hpp"
#include "support/catch.hpp"
#include "unit/judge/gated_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr duration tick = 1ns;
constexpr cause all[] = {cause::none,    cause::unknown, cause::cpu,
                         cause::blocked, cause::io,      cause::congestion,
                         cause::starved, cause::paused,  cause::traced};

TEST_CASE("watchdog_gate: by default all causes trip but starved, paused and traced") {
    for (const auto why : all) {
        INFO(to_string(why));
        const bool fed = why == cause::starved || why == cause::paused || why == cause::traced;
        gated_loop main;
        REQUIRE(main.get_ready());
        CHECK(silent(main.late(2s, 5s - tick, why)));
        const auto decision = main.late(2s + tick, 5s, why);
        CHECK(decision.tripped.has_value() == !fed);
        CHECK(decision.trigger == !fed);
        if (decision.tripped) {
            CHECK(decision.tripped->cause == (why == cause::none ? cause::unknown : why));
        }
    }
}

TEST_CASE("watchdog_gate: of the causes that may be listed, those that are trip") {
    for (const auto listed :
         {cause::cpu, cause::blocked, cause::io, cause::congestion, cause::starved}) {
        for (const auto why :
             {cause::cpu, cause::blocked, cause::io, cause::congestion, cause::starved}) {
            INFO(to_string(listed) << ' ' << to_string(why));
            gated_loop main{std::vector{listed}};
            REQUIRE(main.get_ready());
            CHECK(main.late(2s, 5s, why).tripped.has_value() == (why == listed));
        }
    }
}

TEST_CASE("watchdog_gate: what is unknown trips and what is paused does not, whatever is listed") {
    const auto causes = GENERATE(std::vector<cause>{}, std::vector{cause::paused, cause::traced});
    for (const auto why : {cause::none, cause::unknown, cause::paused, cause::traced}) {
        INFO(to_string(why));
        gated_loop main{causes};
        REQUIRE(main.get_ready());
        const bool trips = why == cause::none || why == cause::unknown;
        CHECK(main.late(2s, 5s, why).tripped.has_value() == trips);
    }
}

TEST_CASE("watchdog_gate: a loop that is late for a cause that does not trip is fed") {
    gated_loop main;
    REQUIRE(main.get_ready());
    // Overdue and without progress: for another cause the ping would be held back.
    CHECK(main.late(3s, 1s, cause::starved).ping);
    CHECK(main.late(6s, 4s, cause::traced).ping);
    CHECK(main.late(9s, 1h, cause::starved).ping);
    CHECK(main.gate.state() == watchdog_state::armed);
}

TEST_CASE("watchdog_gate: a starved loop trips when it turns out to be blocked") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(main.late(3s, 4s, cause::starved).ping);
    CHECK(silent(main.late(5s, 6s, cause::starved)));
    const auto decision = main.late(5s + tick, 6s + tick, cause::blocked);
    REQUIRE(decision.tripped);
    CHECK(decision.tripped->cause == cause::blocked);
    CHECK(decision.trigger);
}

TEST_CASE(
    "watchdog_gate: a starved loop that turns out to be blocked, under the limit, is not fed") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK(main.late(3s, 1s, cause::starved).ping);
    CHECK(silent(main.late(6s, 4s, cause::blocked)));
    CHECK(main.late(6900ms, 4900ms, cause::starved).ping); // a ping that is due goes out with it
}

TEST_CASE("watchdog_gate: the trip names the latest of the loops whose cause trips") {
    gated_loop main;
    REQUIRE(main.get_ready());
    const loop_vitals loops[] = {
        {.name = "starved", .lag = 9s, .overdue = true, .cause = cause::starved},
        {.name = "blocked", .lag = 6s, .overdue = true, .cause = cause::blocked}};
    const auto decision = main.gate.step(gated_loop::start + 2s, loops);
    REQUIRE(decision.tripped);
    CHECK(decision.tripped->loop == "blocked");
}

TEST_CASE("watchdog_gate: a cause taken into the list trips from the next step on") {
    gated_loop main;
    REQUIRE(main.get_ready());
    CHECK_FALSE(main.late(2s, 6s, cause::starved).tripped);
    main.gate.configure({.lag = 5s, .trip_on = {cause::starved}});
    CHECK(main.late(2s + tick, 6s, cause::starved).tripped);
}

TEST_CASE("watchdog_gate: off feeds and trips for no cause, listed or not") {
    gated_loop main(watchdog_action::off);
    REQUIRE(main.get_ready());
    CHECK(main.late(3s, 60s, cause::blocked).ping);
    CHECK(main.late(6s, 63s, cause::starved).ping);
}

} // namespace
} // namespace loopmon::judge
