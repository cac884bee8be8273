// SPDX-License-Identifier: MIT
//
// Repeated events: of a loop, whose alerts are then held back, and of the process.
#include "judge/loop_judge.hpp"
#include "judge/pause_judge.hpp"
#include "judge/recurrence.hpp"
#include "support/catch.hpp"
#include "unit/judge/shown_loop.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr auto start = shown_loop::start;

/// A delay at that time, seen growing at warn and completed.
void late(shown_loop& loop, duration at, duration length, cause why = cause::blocked) {
    loop.growing(at + 100ms, 100ms, why);
    if (length >= shown_loop::limits.critical) {
        loop.growing(at + length, length, why);
    }
    loop.judge.step({.now = start + at + length + 10ms,
                     .lag = length,
                     .ended = start + at + length,
                     .active_tasks = 3},
                    loop.out);
    loop.punctual(at + length + 100ms);
}

/// Looks when the judge wants to, as the watcher does.
void idle_until(shown_loop& loop, duration end) {
    while (loop.judge.next_check() < start + end) {
        loop.punctual(loop.judge.next_check() - start);
    }
    loop.punctual(end);
}

} // namespace

TEST_CASE("recurrence: a delay of 150 ms every second is summed up at doubling intervals") {
    shown_loop loop;
    for (auto at = 0s; at < 3600s; at += 1s) {
        late(loop, at, 150ms);
    }
    REQUIRE(loop.stalls().size() == 1); // one episode that never ends
    const auto sums = events_of<recurring>(loop.out);
    REQUIRE(sums.size() == 9); // after 10, 20, 40, ... 2560 s
    CHECK(loop.out.size() == 10);
    CHECK(sums[0].loop == "main");
    CHECK(sums[0].count == 11);
    CHECK(sums[0].total == 10 * 150ms + 100ms); // the eleventh is on
    CHECK(sums[0].peak == 150ms);
    CHECK(sums[0].span == 10100ms);
    CHECK(sums[0].cause == cause::blocked);
    for (std::size_t i = 1; i < sums.size(); ++i) {
        CHECK(sums[i].span >= 2 * sums[i - 1].span);
        CHECK(sums[i].span < 2 * sums[i - 1].span + 1s);
        CHECK(sums[i].count == static_cast<std::uint64_t>(sums[i].span / 1s) + 1);
    }
    CHECK(loop.judge.n_suppressed() == 0);
}

TEST_CASE("recurrence: frequent episodes are not reported one by one") {
    shown_loop loop;
    for (auto at = 0s; at < 3600s; at += 5s) {
        late(loop, at, 150ms);
        idle_until(loop, at + 4s);
    }
    CHECK(loop.judge.n_stalls() == 720);
    CHECK(loop.stalls().size() == 9); // the tenth makes it a series
    CHECK(loop.recoveries().size() == 9);
    CHECK(made<stall>(loop.out).size() == 720);        // whoever lists them gets them all
    CHECK(events_of<recurring>(loop.out).size() == 7); // after 45, 90, ... 2880 s
    CHECK(events_of<suppressed>(loop.out).empty());    // the summaries say it
    CHECK(loop.judge.n_suppressed() == 711);

    SECTION("a worse one is") {
        late(loop, 3600s, 1100ms);
        REQUIRE(loop.stalls().size() == 10);
        CHECK(loop.stalls()[9].severity == level::stalled);
        idle_until(loop, 3605s);
        CHECK(loop.recoveries().size() == 10);
        late(loop, 3605s, 1200ms); // no worse than that
        CHECK(loop.stalls().size() == 10);
    }
    SECTION("the end of the series is reported, and after it each one again") {
        loop.out.clear();
        idle_until(loop, 3595s + 299s);
        CHECK(events_of<recurring_over>(loop.out).empty());
        idle_until(loop, 3595s + 301s);
        const auto over = events_of<recurring_over>(loop.out);
        REQUIRE(over.size() == 1);
        CHECK(over[0].loop == "main");
        CHECK(over[0].count == 720);
        CHECK(over[0].total == 720 * 150ms);
        CHECK(over[0].peak == 150ms);
        CHECK(over[0].span == 3595150ms);
        CHECK(over[0].cause == cause::blocked);
        late(loop, 4000s, 150ms);
        CHECK(loop.stalls().size() == 1);
    }
    SECTION("its end is reported when the loop is not watched any more") {
        loop.judge.finish(start + 3600s, loop.out);
        REQUIRE(events_of<recurring_over>(loop.out).size() == 1);
        CHECK(events_of<recurring_over>(loop.out)[0].count == 720);
    }
}

TEST_CASE("recurrence: a few stalls, and those that are minutes apart, are reported each") {
    shown_loop loop;
    const auto apart = GENERATE(duration(11s), duration(301s));
    const auto times = apart == 11s ? 9 : 20;
    for (auto i = 0; i < times; ++i) {
        late(loop, i * apart, 150ms);
        idle_until(loop, i * apart + 5s);
    }
    CHECK(loop.stalls().size() == static_cast<std::size_t>(times));
    CHECK(events_of<recurring>(loop.out).empty());
}

TEST_CASE("recurrence: one long stall is counted once") {
    recurrence series;
    for (auto at = 1s; at < 100s; at += 1s) {
        series.note(start, start + at, at);
        CHECK_FALSE(series.take_summary(start + at));
    }
    CHECK(series.count() == 1);
    CHECK(series.peak() == 99s);
}

TEST_CASE(
    "recurrence: the next check is when a summary or the end is due, and never if neither is") {
    recurrence series;
    for (std::uint64_t i = 0; i < recurrence::few; ++i) {
        CHECK(series.next_check() == time_point::max());
        series.add(start + i * 1s + 100ms, 100ms);
    }
    const auto first = start + recurrence::first_summary;
    CHECK(series.next_check() == first);
    REQUIRE(series.take_summary(first));
    const auto ended = start + (recurrence::few - 1) * 1s + 100ms;
    CHECK(series.next_check() == ended + recurrence::quiet); // nothing new to sum up
    series.add(start + 15s, 100ms);
    CHECK(series.next_check() == start + 2 * recurrence::first_summary);
    CHECK(series.peak_before(start + 15s) == 100ms);
}

TEST_CASE("pause_judge: six pauses a second are a few records, and all of them are counted") {
    pause_judge judge;
    events out;
    std::uint64_t n = 0;
    for (auto at = start; at < start + 1h; at += 160ms, ++n) {
        judge.paused(at, 40ms, out);
    }
    REQUIRE(out.size() == 3 + 9);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(std::get<paused>(out[i]).count == 1);
        CHECK(std::get<paused>(out[i]).lasted == 40ms);
    }
    const auto& first = std::get<paused>(out[3]);
    CHECK(first.count == 64);
    CHECK(first.lasted == 64 * 40ms);
    CHECK(first.peak == 40ms);
    CHECK(first.span == 63 * 160ms + 40ms);

    out.clear();
    REQUIRE(judge.next_check() < time_point::max());
    while (judge.next_check() < time_point::max()) {
        judge.step(judge.next_check(), out);
    }
    REQUIRE_FALSE(out.empty());
    CHECK(std::get<paused>(out.back()).count == n); // what came after the last doubling, too
}

TEST_CASE("pause_judge: a suspend among short pauses is reported by itself") {
    pause_judge judge;
    events out;
    for (auto at = start; at < start + 1min; at += 1s) {
        judge.paused(at, 200ms, out);
    }
    const auto before = out.size();
    judge.paused(start + 61s, 8h, out);
    REQUIRE(out.size() == before + 1);
    CHECK(std::get<paused>(out.back()).lasted == 8h);
    CHECK(std::get<paused>(out.back()).count == 1);
}

TEST_CASE("pause_judge: a pause of twice the longest so far is one of them, a longer one is not") {
    pause_judge judge;
    events out;
    for (int i = 0; i < 12; ++i) { // the first summary is among them
        judge.paused(start + i * 1s, 200ms, out);
    }
    const auto before = out.size();
    judge.paused(start + 12s, 400ms, out);
    CHECK(out.size() == before);
    judge.paused(start + 13s, 800ms + 1ns, out);
    REQUIRE(out.size() == before + 1);
    CHECK(std::get<paused>(out.back()).lasted == 800ms + 1ns);
}

} // namespace loopmon::judge
