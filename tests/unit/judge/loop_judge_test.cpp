// SPDX-License-Identifier: MIT
//
// Episodes: begin, worsening, healing, end. What is not graded, what is not printed and new limits
// are in loop_judge_exemption_test.cpp; what a watcher makes of the wake-up times is in
// loop_judge_schedule_test.cpp.
#include "judge/loop_judge.hpp"
#include "support/catch.hpp"
#include "unit/judge/shown_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr auto start = shown_loop::start;
constexpr duration tick = 1ns;

TEST_CASE("loop_judge: an episode begins at warn and not a tick below") {
    shown_loop loop;
    loop.growing(1s, 100ms - tick);
    CHECK(loop.out.empty());
    CHECK(loop.judge.state() == level::nominal);
    CHECK(loop.judge.why() == cause::none);

    loop.growing(1s + tick, 100ms);
    const auto stalls = loop.stalls();
    REQUIRE(loop.out.size() == 1);
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].loop == "main");
    CHECK(stalls[0].episode == 1);
    CHECK(stalls[0].severity == level::degraded);
    CHECK(stalls[0].lag == 100ms);
    CHECK(stalls[0].threshold == 100ms);
    CHECK(stalls[0].cause == cause::unknown);
    CHECK(stalls[0].ongoing);
    CHECK(stalls[0].active_tasks == 3);
    CHECK(loop.judge.state() == level::degraded);
    CHECK(loop.judge.why() == cause::unknown);
    CHECK(loop.judge.n_stalls() == 1);
    CHECK(loop.judge.n_critical() == 0);
}

TEST_CASE("loop_judge: critical is reached at critical and not a tick below") {
    shown_loop loop;
    loop.growing(1s, 100ms);
    loop.growing(1900ms - tick, 1s - tick);
    CHECK(loop.out.size() == 1);
    CHECK(loop.judge.state() == level::degraded);

    loop.growing(1900ms, 1s);
    const auto stalls = loop.stalls();
    REQUIRE(stalls.size() == 2);
    CHECK(stalls[1].episode == 1);
    CHECK(stalls[1].severity == level::stalled);
    CHECK(stalls[1].threshold == 1s);
    CHECK(stalls[1].lag == 1s);
    CHECK(loop.judge.state() == level::stalled);
    CHECK(loop.judge.n_stalls() == 1);
    CHECK(loop.judge.n_critical() == 1);
}

TEST_CASE("loop_judge: a first sight at critical is one event") {
    shown_loop loop;
    loop.growing(5s, 3s);
    const auto stalls = loop.stalls();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].severity == level::stalled);
    CHECK(stalls[0].threshold == 1s);
    CHECK(loop.judge.n_stalls() == 1);
    CHECK(loop.judge.n_critical() == 1);
    CHECK(loop.judge.next_lag() == 4s);
}

TEST_CASE("loop_judge: re-reports come at the doublings of critical, each to the tick") {
    shown_loop loop;
    loop.growing(1s, 1s);
    std::size_t expected = 1;
    for (duration limit = 2s; limit <= 64s; limit *= 2) {
        CHECK(loop.judge.next_lag() == limit);
        loop.growing(limit - tick, limit - tick);
        CHECK(loop.stalls().size() == expected);
        loop.growing(limit, limit);
        ++expected;
        REQUIRE(loop.stalls().size() == expected);
        CHECK(loop.stalls().back().threshold == 1s);
        CHECK(loop.stalls().back().lag == limit);
        CHECK(loop.stalls().back().severity == level::stalled);
    }
    CHECK(loop.judge.n_stalls() == 1);
    CHECK(loop.judge.n_critical() == 1);
}

TEST_CASE("loop_judge: a stall that was found after it ended is not ongoing") {
    shown_loop loop;
    loop.completed(1s, 400ms);
    const auto stalls = loop.stalls();
    REQUIRE(stalls.size() == 1);
    CHECK_FALSE(stalls[0].ongoing);
}

TEST_CASE("loop_judge: a late sample is not ongoing for a deadline that is a little overdue") {
    shown_loop loop;
    loop.judge.step({.now = start + 1s, .lag = 400ms, .overdue = 20ms}, loop.out);
    REQUIRE(loop.stalls().size() == 1);
    CHECK_FALSE(loop.stalls()[0].ongoing);
}

TEST_CASE("loop_judge: a late completion does not heal the loop") {
    shown_loop loop;
    loop.growing(1s, 500ms);
    for (auto at = 1100ms; at < 10s; at += 100ms) {
        loop.completed(at, 520ms);
    }
    CHECK(loop.recoveries().empty());
    CHECK(loop.judge.state() == level::degraded);
}

TEST_CASE("loop_judge: it heals when clear_after has held, and not a tick earlier") {
    shown_loop loop;
    loop.growing(1s, 900ms);
    loop.punctual(2s);
    CHECK(loop.judge.next_check() == start + 3s);
    loop.punctual(3s - tick);
    CHECK(loop.judge.state() == level::degraded);
    CHECK(loop.recoveries().empty());

    loop.punctual(3s);
    const auto recoveries = loop.recoveries();
    REQUIRE(recoveries.size() == 1);
    CHECK(recoveries[0].loop == "main");
    CHECK(recoveries[0].episode == 1);
    CHECK(recoveries[0].peak == 900ms);
    CHECK(recoveries[0].cause == cause::unknown);
    CHECK(loop.judge.state() == level::nominal);
    CHECK(loop.judge.why() == cause::none);
    CHECK(loop.judge.episode() == 1);
    CHECK(loop.judge.next_check() == time_point::max());
    CHECK(loop.judge.next_lag() == shown_loop::limits.warn);
}

TEST_CASE("loop_judge: a lag of half of warn breaks the healing, a tick less does not") {
    const bool breaks = GENERATE(true, false);
    CAPTURE(breaks);
    shown_loop loop;
    loop.growing(1s, 100ms);
    loop.punctual(2s);
    loop.growing(2500ms, breaks ? 50ms : 50ms - tick);
    loop.punctual(2600ms);
    loop.punctual(3s);
    CHECK(loop.recoveries().size() == (breaks ? 0u : 1u));
    loop.punctual(3600ms - tick);
    CHECK(loop.recoveries().size() == (breaks ? 0u : 1u));
    loop.punctual(3600ms);
    CHECK(loop.recoveries().size() == 1);
    CHECK(loop.stalls().size() == 1);
}

TEST_CASE("loop_judge: half of an odd warn is rounded up, so that any warn can heal") {
    shown_loop loop;
    loop.judge.configure({.warn = 1ns, .critical = 1s, .clear_after = 0s});
    loop.growing(1s, 1ns);
    REQUIRE(loop.stalls().size() == 1);
    loop.punctual(2s);
    CHECK(loop.recoveries().size() == 1);
}

TEST_CASE("loop_judge: an episode lasts from its first delay to the end of its last") {
    shown_loop loop;
    loop.growing(1100ms, 100ms); // late since 1 s
    loop.growing(1800ms, 800ms);
    SECTION("exactly, when the completion of what was seen growing is seen") {
        loop.completed(1990ms, 850ms);
        loop.completed(2090ms, 850ms); // the same sample
        loop.punctual(2200ms);
        loop.punctual(3200ms);
        REQUIRE(loop.recoveries().size() == 1);
        CHECK(loop.recoveries()[0].lasted == 850ms);
        CHECK(loop.recoveries()[0].peak == 850ms);
    }
    SECTION("to the last sight of it, when its completion is not seen") {
        loop.punctual(2200ms);
        loop.punctual(3200ms);
        REQUIRE(loop.recoveries().size() == 1);
        CHECK(loop.recoveries()[0].lasted == 800ms);
    }
    SECTION("to the sight of a further one that was not seen growing") {
        loop.completed(1990ms, 850ms);
        loop.completed(2300ms, 60ms);
        loop.completed(2400ms, 60ms); // the same sample
        loop.punctual(2500ms);
        loop.punctual(3500ms);
        REQUIRE(loop.recoveries().size() == 1);
        CHECK(loop.recoveries()[0].lasted == 1300ms);
        CHECK(loop.recoveries()[0].peak == 850ms);
    }
}

TEST_CASE("loop_judge: the end of a delay counts when it was, not when it is seen") {
    shown_loop loop;
    const auto seen = [&](duration at, duration lag, duration ended) {
        loop.judge.step({.now = start + at, .lag = lag, .ended = start + ended}, loop.out);
    };
    SECTION("of one that was seen growing") {
        loop.growing(1100ms, 100ms); // late since 1 s
        seen(1456ms, 300ms, 1300ms);
        seen(1500ms, 180ms, 1300ms); // the sampler's, of the same time
        seen(1900ms, 0ms, 1300ms);
        seen(2900ms, 0ms, 1300ms);
    }
    SECTION("of one that was not") {
        seen(1456ms, 300ms, 1300ms);
        seen(1900ms, 0ms, 1300ms);
        seen(2900ms, 0ms, 1300ms);
    }
    REQUIRE(loop.recoveries().size() == 1);
    CHECK(loop.recoveries()[0].lasted == 300ms);
    CHECK(loop.recoveries()[0].peak == 300ms);
}

TEST_CASE("loop_judge: an episode ends when its loop is not watched any more") {
    shown_loop loop;
    loop.growing(1500ms, 500ms, cause::blocked);
    SECTION("in the middle of the delay") {
        loop.judge.finish(start + 2s, loop.out);
        REQUIRE(loop.recoveries().size() == 1);
        CHECK(loop.recoveries()[0].loop == "main");
        CHECK(loop.recoveries()[0].episode == 1);
        CHECK(loop.recoveries()[0].lasted == 1s);
        CHECK(loop.recoveries()[0].peak == 1s);
        CHECK(loop.recoveries()[0].cause == cause::blocked);
        CHECK(loop.recoveries()[0].unwatched);
        CHECK(loop.recoveries()[0].reported);
    }
    SECTION("while it heals") {
        loop.punctual(1600ms);
        loop.judge.finish(start + 2s, loop.out);
        REQUIRE(loop.recoveries().size() == 1);
        CHECK(loop.recoveries()[0].lasted == 500ms);
        CHECK_FALSE(loop.recoveries()[0].unwatched);
    }
    CHECK(loop.judge.state() == level::nominal);
    loop.judge.finish(start + 3s, loop.out);
    CHECK(loop.recoveries().size() == 1);
}

TEST_CASE("loop_judge: a second delay of the episode is reported only if it is worse") {
    shown_loop loop;
    loop.growing(1s, 100ms);
    loop.punctual(1500ms);
    loop.growing(2s, 900ms);
    CHECK(loop.stalls().size() == 1);
    loop.punctual(2500ms);
    loop.growing(4s, 1500ms); // worse level
    CHECK(loop.stalls().size() == 2);
    loop.punctual(4500ms);
    loop.growing(6s, 1900ms); // same doubling
    CHECK(loop.stalls().size() == 2);
    loop.punctual(6500ms);
    loop.growing(9s, 2s); // larger doubling
    CHECK(loop.stalls().size() == 3);
    CHECK(loop.judge.n_stalls() == 1);
    CHECK(loop.judge.n_critical() == 1);
}

TEST_CASE("loop_judge: a stalled loop stays stalled until it has recovered") {
    shown_loop loop;
    loop.growing(1s, 1s);
    loop.growing(2s, 200ms);
    CHECK(loop.judge.state() == level::stalled);
    loop.punctual(3s);
    CHECK(loop.judge.state() == level::stalled);
    loop.punctual(4s);
    CHECK(loop.judge.state() == level::nominal);
}

TEST_CASE("loop_judge: the next episode has the next number and starts afresh") {
    shown_loop loop;
    loop.growing(1s, 5s);
    loop.punctual(2s);
    loop.punctual(3s);
    loop.out.clear();

    loop.growing(10s, 150ms);
    loop.punctual(11s);
    loop.punctual(12s);
    REQUIRE(loop.out.size() == 2);
    REQUIRE(loop.stalls().size() == 1);
    CHECK(loop.stalls()[0].episode == 2);
    CHECK(loop.stalls()[0].severity == level::degraded);
    REQUIRE(loop.recoveries().size() == 1);
    CHECK(loop.recoveries()[0].episode == 2);
    CHECK(loop.recoveries()[0].peak == 150ms);
    CHECK(loop.recoveries()[0].lasted == 150ms);
    CHECK(loop.judge.n_stalls() == 2);
    CHECK(loop.judge.n_critical() == 1);
}

} // namespace
} // namespace loopmon::judge
