// SPDX-License-Identifier: MIT
//
// What the watcher makes of turns and running handlers: the loop is written by the test at the
// moments at which the hooks would.
#include "unit/watch/tracked_scene.hpp"

TEST_CASE("turns: a stall is found at its begin plus the threshold, whenever that is", "[watch]") {
    const auto offset = GENERATE(1ms, 51ms, 99ms, 249ms); // to the looks and to the sampler
    tracked_scene s;
    s.finder.finds.cause = model::cause::cpu;
    const auto begin = start + 5s + offset;
    s.play(begin);
    s.begin_turn(begin);
    s.play(begin + 99ms, begin, begin + 10s);
    CHECK(s.sink.all<model::stall>().empty());
    s.play(begin + 105ms, begin, begin + 10s);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].lag >= 100ms);
    CHECK(stalls[0].lag <= 105ms);
    CHECK(stalls[0].culprit.handler == "socket.async_receive");
    CHECK(stalls[0].cause == model::cause::cpu);
}

TEST_CASE("turns: a stall lasted as long as its turn, whenever that is looked for", "[watch]") {
    const auto offset = GENERATE(1ms, 51ms, 99ms, 249ms); // to the looks and to the sampler
    const auto length = GENERATE(101ms, 300ms, 3s);
    tracked_scene s;
    s.finder.finds.cause = model::cause::cpu;
    const auto begin = start + 5s + offset;
    s.blocked(begin, begin + length);
    s.play(start + 15s);
    const auto over = s.sink.all<model::recovered>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].lasted == length);
    CHECK(over[0].peak == length);
    CHECK(over[0].cause == model::cause::cpu);
    const auto remembered = s.watcher.find(1)->stalls(start + 15s);
    REQUIRE(remembered.size() == 1);
    CHECK(remembered[0].lasted == length);
    CHECK(remembered[0].peak == length);
    CHECK(remembered[0].cause == model::cause::cpu);
    CHECK(remembered[0].culprit.handler == "socket.async_receive");
}

TEST_CASE("turns: the maximum is that of the stall and not that of the sampler", "[watch]") {
    tracked_scene s;
    s.blocked(start + 5s + 130ms, start + 5s + 1030ms);
    s.play(start + 10s);
    CHECK(s.status(start + 10s).lag_max == 900ms);
    CHECK(s.sink.all<model::recovered>().at(0).peak == 900ms);
}

TEST_CASE("turns: percentiles are those of work that arrives at any time", "[watch]") {
    tracked_scene s;
    for (auto n = 0; n < 20; ++n) { // 500 ms of every 3 s
        const auto begin = start + 1s + n * 3s;
        s.blocked(begin, begin + 500ms);
    }
    s.play(start + 61s);
    const auto seen = s.watcher.find(1)->window(start + 61s);
    const auto near = [](model::duration is, model::duration truth) {
        return std::chrono::abs(is - truth) <= std::max<model::duration>(truth / 50, 500us);
    };
    CHECK(near(seen.p50, 0ms));
    CHECK(near(seen.p90, 200ms));
    CHECK(near(seen.p99, 470ms));
    CHECK(near(seen.max, 500ms));
}

TEST_CASE("turns: an idle loop costs no more than ten looks a second", "[watch]") {
    tracked_scene s;
    s.play(start + 60s);
    CHECK(s.steps <= 60 * 11); // and one for each ping
    CHECK(s.sink.events.empty());
    CHECK(s.status(start + 60s).tracking);
}

TEST_CASE("turns: the end of the grace period costs one round", "[watch]") {
    tracked_scene s;
    s.watcher.find(1)->judge_from(start + 5s + 300ms);
    s.play(start + 5s);
    const int before = s.steps;
    s.play(start + 6s);
    CHECK(s.steps - before <= 12);
}

TEST_CASE("turns: what runs is shown while it runs", "[watch]") {
    tracked_scene s;
    s.play(start + 5s);
    s.begin_turn(start + 5s);
    const auto seen = s.status(start + 5s + 70ms);
    CHECK(seen.lag == 70ms);
    CHECK(seen.running_handler == "socket.async_receive");
    s.end_turn(start + 5s + 70ms, 70ms);
    CHECK(s.status(start + 5s + 71ms).running_handler.empty());
}

TEST_CASE("turns: a loop that always is in some short turn makes progress and is not overdue",
          "[watch]") {
    tracked_scene s;
    s.play(start + 5s);
    s.begin_turn(start + 5s);
    s.next = s.watcher.step({start + 5s + 1ms});
    const auto before = s.watcher.find(1)->vitals();
    CHECK_FALSE(before.overdue);
    s.end_turn(start + 5s + 1ms, 1ms);
    s.begin_turn(start + 5s + 1ms);
    CHECK(s.watcher.find(1)->vitals().progress > before.progress);
}

TEST_CASE("turns: when another thread becomes the one that holds the loop up, it is looked into",
          "[watch]") {
    tracked_scene s;
    const auto begin = start + 4970ms; // it is looked at each 100 ms, and when it is 50 ms late
    s.play(begin);
    s.begin_turn(begin);
    s.play(begin + 70ms, begin, begin + 10s);
    REQUIRE(s.finder.threads == std::vector<pid_t>{::gettid()});
    auto* const other = s.loop->tracking().slot_for(4711);
    s.slot->show_none();
    other->show({measure::cycle_clock::now(), "strand", "post", 0});
    s.play(begin + 150ms, begin, begin + 10s);
    CHECK(s.finder.threads.back() == 4711);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].culprit.handler == "strand.post");
    other->show_none();
}

TEST_CASE("turns: utilization is the busy share of the window", "[watch]") {
    tracked_scene s;
    for (auto n = 0; n < 600; ++n) {
        const auto begin = start + n * 100ms;
        s.play(begin);
        s.turn(begin, begin + 25ms);
    }
    s.play(start + 60s);
    CHECK(s.status(start + 60s).utilization > 0.24);
    CHECK(s.status(start + 60s).utilization < 0.26);
}
