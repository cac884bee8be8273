// SPDX-License-Identifier: MIT
//
// Who is to blame: when the watcher looks, and what it does with what it finds.
#include "unit/watch/scene.hpp"

namespace {

const watch::finding in_openat{
    model::cause::blocked,
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

TEST_CASE("culprit: the alert names what was found", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 360ms, start + 1ms, start + 10s);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].cause == model::cause::blocked);
    CHECK(stalls[0].culprit.syscall == "openat");
    CHECK(stalls[0].culprit.stack.lines().size() == 2);
    CHECK(s.status(start + 360ms).cause == model::cause::blocked);
}

TEST_CASE("culprit: an alert at each doubling has evidence of its own", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 400ms, start + 1ms, start + 30s);
    s.finder.finds.cause = model::cause::cpu;
    s.play(start + 4300ms, start + 1ms, start + 30s); // critical at 1.25 s, 2.25 s, 4.25 s
    CHECK(s.finder.begun.size() == 1);
    CHECK(s.finder.concluded.size() == 4);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 4);
    CHECK(stalls[0].cause == model::cause::blocked);
    CHECK(stalls[3].cause == model::cause::cpu);

    const auto remembered = s.watcher.find(1)->stalls(s.next);
    REQUIRE(remembered.size() == 1);
    CHECK(remembered[0].ongoing);
    CHECK(remembered[0].cause == model::cause::cpu);
}

TEST_CASE("culprit: a healthy loop is not investigated", "[watch]") {
    scene s;
    s.play(start + 60s);
    CHECK(s.finder.begun.empty());
}

TEST_CASE("culprit: each delay is investigated separately", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 5s, start + 1ms, start + 900ms);
    s.play(start + 10s, start + 6s, start + 7s);
    CHECK(s.finder.begun.size() == 2);
    const auto remembered = s.watcher.find(1)->stalls(s.next);
    REQUIRE(remembered.size() == 2);
    for (const auto& stall : remembered) {
        CHECK_FALSE(stall.ongoing);
        CHECK(stall.cause == model::cause::blocked);
        CHECK(stall.culprit.syscall == "openat");
    }
    CHECK(remembered[0].lasted == 650ms);
    CHECK(remembered[1].lasted == 1s);
}

TEST_CASE("culprit: a loop that is unwatched in a stall has its end, with cause and duration",
          "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 3s, start + 1ms, start + 10s);
    s.watcher.finish(1, start + 3050ms);
    const auto over = s.sink.all<model::recovered>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].loop == "main");
    CHECK(over[0].episode == 1);
    CHECK(over[0].lasted == 2800ms);
    CHECK(over[0].peak == 2800ms);
    CHECK(over[0].cause == model::cause::blocked);
    CHECK(over[0].unwatched);
    const auto remembered = s.watcher.find(1)->stalls(s.next);
    REQUIRE(remembered.size() == 1);
    CHECK_FALSE(remembered[0].ongoing);
    CHECK(remembered[0].lasted == 2800ms);
    CHECK(remembered[0].cause == model::cause::blocked);
    s.watcher.remove(1);
    CHECK(s.sink.all<model::recovered>().size() == 1);
}

TEST_CASE("culprit: no stack is taken for an alert that will not be printed", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    auto at = start;
    for (auto stall = 0; stall < 11; ++stall) { // ten are, then they are summed up
        s.play(at + 4s, at + 1s, at + 1900ms);
        at += 4s;
    }
    REQUIRE(s.finder.suspicions.size() == 11);
    CHECK(s.finder.suspicions[8].with_stack);
    CHECK_FALSE(s.finder.suspicions[10].with_stack);
    CHECK(s.sink.all<model::stall>().size() == 9);
    CHECK(s.watcher.find(1)->stalls(s.next).size() == 11); // but remembered it is
    const auto sums = s.sink.all<model::recurring>();
    REQUIRE(sums.size() == 1); // with the tenth
    CHECK(sums[0].count == 10);
    CHECK(sums[0].cause == model::cause::blocked);
    CHECK(sums[0].since > model::wall_time(1h)); // a date
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
    s.finder.finds.culprit.syscall = "futex";
    s.play(start + 5300ms, start + 1ms, start + 30s);
    const auto trips = s.sink.all<model::trip>();
    REQUIRE(trips.size() == 1);
    CHECK(trips[0].culprit.syscall == "futex");
}

TEST_CASE("culprit: a trip has its stack, whatever the budget of alerts", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    auto at = start;
    for (auto stall = 0; stall < 11; ++stall) {
        s.play(at + 4s, at + 1s, at + 1900ms);
        at += 4s;
    }
    s.play(at + 7s, at + 1ms, at + 30s);
    const auto trips = s.sink.all<model::trip>();
    REQUIRE(trips.size() == 1);
    CHECK(trips[0].culprit.stack.lines().size() == 2);
}

TEST_CASE("culprit: a starved loop that turns out to be blocked trips within a second or two",
          "[watch]") {
    scene s;
    s.finder.finds = {model::cause::starved, {}};
    s.play(start + 20s, start + 1ms, start + 60s);
    REQUIRE(s.sink.all<model::trip>().empty());
    CHECK_FALSE(s.finder.suspicions.empty());
    s.finder.finds = in_openat;
    s.play(start + 21500ms, start + 1ms, start + 60s);
    const auto trips = s.sink.all<model::trip>();
    REQUIRE(trips.size() == 1);
    CHECK(trips[0].cause == model::cause::blocked);
    CHECK_FALSE(trips[0].culprit.stack.empty());
}

TEST_CASE("culprit: looks between the alerts take no stack of what is known", "[watch]") {
    scene s(10s, model::watchdog_action::off);
    s.finder.finds = in_openat;
    s.play(start + 7s, start + 1ms, start + 60s); // reported at 4 s, at the lag of a trip, at 8 s
    REQUIRE(s.finder.suspicions.size() == 6);
    CHECK(s.finder.suspicions[4].known == model::cause::none);
    CHECK(s.finder.suspicions[5].known == model::cause::blocked);
    CHECK(s.sink.all<model::stall>().size() == 4);
}

TEST_CASE("culprit: what was late before judging began is reported with all that is known",
          "[watch]") {
    scene s(10s, model::watchdog_action::trigger, 3s);
    s.finder.finds = in_openat;
    s.play(start + 3100ms, start + 1ms, start + 10s);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].cause == model::cause::blocked);
    CHECK(stalls[0].culprit.syscall == "openat");
    CHECK(s.finder.concluded.size() == 1); // it would not have been reported before
}

TEST_CASE("culprit: a short delay during recovery changes neither culprit nor cause", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 1100ms, start + 1ms, start + 900ms);
    s.finder.finds = {model::cause::cpu, {.syscall = "futex", .stack = {}, .machine = {}}};
    s.play(start + 10s, start + 1200ms, start + 1320ms); // late by 70 ms
    CHECK(s.finder.begun.size() == 1);
    const auto over = s.sink.all<model::recovered>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].cause == model::cause::blocked);
    CHECK(s.watcher.find(1)->stalls(s.next)[0].culprit.syscall == "openat");
}

TEST_CASE("culprit: a stall that is seen when it is over has no culprit of another", "[watch]") {
    scene s;
    s.finder.finds = in_openat;
    s.play(start + 5s, start + 1ms, start + 900ms);
    s.gauge->complete({s.deadline, 150ms}, interval);
    s.deadline += interval;
    s.gauge->set_deadline(s.deadline);
    s.next = s.watcher.step({s.deadline - 100ms, 0s, 1s}); // the watcher had no CPU meanwhile
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 2);
    CHECK_FALSE(stalls[1].ongoing);
    CHECK(stalls[1].culprit.syscall.empty());
    CHECK(stalls[1].culprit.stack.empty());
}

TEST_CASE("culprit: without memory to find one the stall is reported, and trips", "[watch]") {
    scene s;
    s.finder.out_of_memory = true;
    s.play(start + 6s, start + 1ms, start + 30s);
    CHECK(s.sink.all<model::stall>().size() == 4);
    CHECK(s.sink.all<model::trip>().size() == 1);
    CHECK(s.notifier.count("trigger") == 1);
}

TEST_CASE("culprit: the history has an entry a second, with the lag of that second", "[watch]") {
    scene s;
    s.play(start + 10s, start + 2100ms, start + 3s);
    const auto history = s.watcher.find(1)->history();
    REQUIRE(history.size() >= 8);
    REQUIRE(history.size() <= 10);
    loopmon::model::duration worst{};
    for (const auto& entry : history) {
        worst = std::max(worst, entry.lag_max);
    }
    CHECK(worst == 750ms);
}
