// SPDX-License-Identifier: MIT
//
// Who is to blame: when the watcher looks, and what it does with what it finds.
#include "unit/watch/scene.hpp"

namespace {

const watch::finding in_openat{
    judge::cause::blocked,
    {.syscall = "openat", .stack = {"read_config() at config.cpp:88", "main"}, .machine = {}}};

constexpr auto deadline_missed = start + 250ms; // by a loop that is blocked from the start

} // namespace

TEST_CASE("culprit: the thread is looked at when half late, and again when it is news", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 360ms, start + 1ms, start + 10s);
    REQUIRE(s.finder.begun.size() == 1);
    CHECK(s.finder.begun[0] - deadline_missed >= 50ms);
    CHECK(s.finder.begun[0] - deadline_missed <= 64ms); // the grid of looks is 10 ms
    REQUIRE(s.finder.concluded.size() == 1);
    CHECK(s.finder.concluded[0] - deadline_missed >= 100ms);
    CHECK(s.finder.concluded[0] - deadline_missed <= 104ms);
    CHECK(s.finder.suspicions[0].with_stack);
}

TEST_CASE("culprit: the alert tells what was found", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 360ms, start + 1ms, start + 10s);
    const auto stalls = s.sink.all<judge::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].why == judge::cause::blocked);
    CHECK(stalls[0].who.syscall == "openat");
    CHECK(stalls[0].who.stack.lines().size() == 2);
    CHECK(s.status(start + 360ms).why == judge::cause::blocked);
}

TEST_CASE("culprit: an alert at each doubling has evidence of its own", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 400ms, start + 1ms, start + 30s);
    s.finder.finds.why = judge::cause::cpu;
    s.play(start + 4300ms, start + 1ms, start + 30s); // critical at 1.25 s, 2.25 s, 4.25 s
    CHECK(s.finder.begun.size() == 1);
    CHECK(s.finder.concluded.size() == 4);
    const auto stalls = s.sink.all<judge::stall>();
    REQUIRE(stalls.size() == 4);
    CHECK(stalls[0].why == judge::cause::blocked);
    CHECK(stalls[3].why == judge::cause::cpu);

    const auto remembered = s.watcher.find(1)->stalls(s.next);
    REQUIRE(remembered.size() == 1);
    CHECK(remembered[0].ongoing);
    CHECK(remembered[0].why == judge::cause::cpu);
}

TEST_CASE("culprit: a healthy loop is not investigated", "[watch]") {
    scene s;
    s.play(start + 60s);
    CHECK(s.finder.begun.empty());
}

TEST_CASE("culprit: each lateness is investigated anew", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 5s, start + 1ms, start + 900ms);
    s.play(start + 10s, start + 6s, start + 7s);
    CHECK(s.finder.begun.size() == 2);
    const auto remembered = s.watcher.find(1)->stalls(s.next);
    REQUIRE(remembered.size() == 2);
    CHECK_FALSE(remembered[0].ongoing);
    CHECK(remembered[0].lasted == 650ms);
}

TEST_CASE("culprit: no stack is taken for an alert that will not be printed", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    auto at = start;
    for (auto stall = 0; stall < 11; ++stall) { // ten a minute are printed
        s.play(at + 4s, at + 1s, at + 1900ms);
        at += 4s;
    }
    REQUIRE(s.finder.suspicions.size() == 11);
    CHECK(s.finder.suspicions[9].with_stack);
    CHECK_FALSE(s.finder.suspicions[10].with_stack);
    CHECK(s.watcher.find(1)->stalls(s.next).size() == 11); // but remembered it is
}

TEST_CASE("culprit: no stack is taken where stacks are switched off", "[watch]") {
    scene s;
    s.watcher.configure({.watchdog = {.lag = 5s}, .grace = 0s, .stacks = false});
    s.play(start + 400ms, start + 1ms, start + 10s);
    REQUIRE(s.finder.suspicions.size() == 1);
    CHECK_FALSE(s.finder.suspicions[0].with_stack);
}

TEST_CASE("culprit: the record of a trip has evidence of its own moment", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 5100ms, start + 1ms, start + 30s);
    s.finder.finds.who.syscall = "futex";
    s.play(start + 5300ms, start + 1ms, start + 30s);
    const auto trips = s.sink.all<judge::trip>();
    REQUIRE(trips.size() == 1);
    CHECK(trips[0].who.syscall == "futex");
}

TEST_CASE("culprit: the history has an entry a second, with the lag of that second", "[watch]") {
    scene s;
    s.play(start + 10s, start + 2100ms, start + 3s);
    const auto history = s.watcher.find(1)->history();
    REQUIRE(history.size() >= 8);
    REQUIRE(history.size() <= 10);
    loopmon::judge::duration worst{};
    for (const auto& entry : history) {
        worst = std::max(worst, entry.lag_max);
    }
    CHECK(worst == 750ms);
}
