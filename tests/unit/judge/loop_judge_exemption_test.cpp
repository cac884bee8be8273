// SPDX-License-Identifier: MIT
//
// What is not graded (start-up, pauses), what is not printed (the budget), and new limits.
#include "judge/loop_judge.hpp"
#include "support/catch.hpp"
#include "unit/judge/shown_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr auto start = shown_loop::start;
constexpr duration tick = 1ns;

TEST_CASE("loop_judge: nothing is graded before judge_from, to the tick") {
    shown_loop loop;
    loop.judge.judge_from(start + 5s);
    CHECK(loop.judge.next_check() == start + 5s);
    loop.growing(5s - tick, 3s);
    CHECK(loop.out.empty());
    CHECK(loop.judge.state() == level::nominal);
    CHECK(loop.judge.n_stalls() == 0);
    CHECK(loop.judge.next_lag() > 24h); // no deadline wakes the watcher
    CHECK(loop.judge.next_check() == start + 5s);

    loop.growing(5s, 3s + tick); // still on: an episode now
    CHECK(loop.stalls().size() == 1);
    CHECK(loop.judge.state() == level::stalled);
}

TEST_CASE("loop_judge: without judge_from nothing is graded") {
    loop_judge judge("main", shown_loop::limits);
    events out;
    judge.step({.now = start, .lag = 1h, .overdue = 1h}, out);
    CHECK(out.empty());
    CHECK(judge.next_check() == time_point::max());
}

TEST_CASE("loop_judge: a stall of the start-up that is over is not graded") {
    shown_loop loop;
    loop.judge.judge_from(start + 5s);
    if (GENERATE(true, false)) {
        loop.completed(4900ms, 2s);
    }
    loop.completed(5s, 2s);
    loop.completed(5100ms, 2s); // the sample stays until the next
    CHECK(loop.out.empty());
    CHECK(loop.judge.state() == level::nominal);

    SECTION("but the deadline that is overdue beside it is") {
        loop.judge.step({.now = start + 5200ms, .lag = 2s, .overdue = 150ms}, loop.out);
        REQUIRE(loop.stalls().size() == 1);
        CHECK(loop.stalls()[0].lag == 150ms);
        CHECK(loop.stalls()[0].ongoing);
    }
    SECTION("but the next late sample is") {
        loop.completed(5300ms, 300ms);
        CHECK(loop.stalls().size() == 1);
    }
    SECTION("but an equal one after one on time is") {
        loop.punctual(5300ms);
        loop.completed(9s, 2s);
        CHECK(loop.stalls().size() == 1);
    }
}

TEST_CASE("loop_judge: what is seen in a pause opens no episode") {
    shown_loop loop;
    SECTION("an overdue deadline") {
        loop.growing(5s, 5s, cause::paused);
        CHECK(loop.out.empty());
        CHECK(loop.judge.next_lag() ==
              5s + shown_loop::limits.warn); // a fresh period, no busy loop
        loop.punctual(5100ms);
    }
    SECTION("a late sample, which stays visible after it") {
        loop.completed(5s, 5s, cause::paused);
        loop.completed(5100ms, 5s);
    }
    CHECK(loop.out.empty());
    CHECK(loop.judge.state() == level::nominal);
    CHECK(loop.judge.n_stalls() == 0);
    CHECK(loop.judge.next_lag() == shown_loop::limits.warn);
}

TEST_CASE("loop_judge: a stall after a pause is graded") {
    shown_loop loop;
    loop.completed(5s, 5s, cause::paused);
    loop.growing(6s, 100ms);
    CHECK(loop.stalls().size() == 1);
}

TEST_CASE("loop_judge: a pause neither worsens an episode nor heals it") {
    shown_loop loop;
    loop.growing(1s, 500ms);
    loop.punctual(1200ms);
    loop.growing(30s, 20s, cause::paused);
    CHECK(loop.stalls().size() == 1);
    CHECK(loop.judge.state() == level::degraded);
    loop.punctual(30100ms);
    CHECK(loop.recoveries().empty());
    loop.punctual(31100ms);
    REQUIRE(loop.recoveries().size() == 1);
    CHECK(loop.recoveries()[0].peak == 500ms);
}

TEST_CASE("loop_judge: a cause exempts as long as there is evidence for it") {
    shown_loop loop;
    loop.growing(1s, 150ms, GENERATE(cause::starved, cause::traced));
    loop.growing(2s, 1150ms, cause::unknown);
    CHECK(loop.judge.why() == cause::unknown);
    loop.growing(3s, 2150ms, cause::blocked);
    loop.growing(4s, 3150ms, cause::unknown); // no evidence does not take evidence back
    CHECK(loop.judge.why() == cause::blocked);
}

TEST_CASE("loop_judge: a suppressed stall is counted, its episode has no record of its end") {
    shown_loop loop;
    loop.judge.configure(
        {.warn = 100ms, .critical = 1s, .clear_after = 1s, .alerts_per_minute = 1});
    loop.growing(1s, 100ms);
    loop.punctual(2s);
    loop.punctual(3s);
    REQUIRE(loop.out.size() == 2);
    loop.out.clear();

    loop.growing(4s, 100ms);
    loop.growing(5s, 1s);
    loop.punctual(6s);
    loop.punctual(7s);
    CHECK(loop.stalls().empty());
    CHECK(loop.recoveries().empty());
    CHECK(made<stall>(loop.out).size() == 2); // whoever keeps count of stalls sees them
    CHECK(made<recovered>(loop.out).size() == 1);
    loop.out.clear();
    CHECK(loop.judge.n_stalls() == 2);
    CHECK(loop.judge.n_critical() == 1);
    CHECK(loop.judge.n_suppressed() == 2);

    CHECK(loop.judge.next_check() == start + 64s);
    loop.punctual(64s - tick);
    CHECK(loop.out.empty());
    loop.punctual(64s);
    const auto reports = events_of<suppressed>(loop.out);
    REQUIRE(loop.out.size() == 1);
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].loop == "main");
    CHECK(reports[0].count == 2);
}

TEST_CASE("loop_judge: an episode with one printed record has its recovered record") {
    shown_loop loop;
    loop.judge.configure(
        {.warn = 100ms, .critical = 1s, .clear_after = 1s, .alerts_per_minute = 1});
    loop.growing(1s, 100ms);
    loop.punctual(2s);
    loop.punctual(3s);
    loop.growing(60s, 100ms); // held back
    loop.growing(61s, 1s);    // the minute is over
    loop.punctual(62s);
    loop.punctual(63s);
    CHECK(loop.stalls().size() == 2);
    REQUIRE(loop.recoveries().size() == 2);
    CHECK(loop.recoveries()[1].episode == 2);
}

TEST_CASE("loop_judge: an episode goes on under new limits") {
    shown_loop loop;
    loop.growing(1s, 500ms);
    SECTION("critical is now below what is on") {
        loop.judge.configure({.warn = 100ms, .critical = 400ms});
        loop.growing(1001ms, 501ms);
        REQUIRE(loop.stalls().size() == 2);
        CHECK(loop.stalls()[1].severity == level::stalled);
        CHECK(loop.stalls()[1].threshold == 400ms);
        CHECK(loop.judge.next_lag() == 800ms);
    }
    SECTION("warn is now above what is on") {
        loop.judge.configure({.warn = 2s, .critical = 4s, .clear_after = 500ms});
        loop.growing(1100ms, 600ms); // under half of the new warn: healing
        CHECK(loop.judge.state() == level::degraded);
        loop.punctual(1600ms);
        CHECK(loop.recoveries().size() == 1);
    }
    CHECK(loop.judge.n_stalls() == 1);
}

} // namespace
} // namespace loopmon::judge
