// SPDX-License-Identifier: MIT
//
// What passes while nobody runs, or nobody has a CPU, is in no number and trips nothing. How that
// is recognised is in pause_detector_test.cpp.
#include "unit/watch/tracked_scene.hpp"

namespace {

constexpr auto never = model::time_point::max();

void set_warn(scene& s, model::duration warn) {
    auto settings = s.watcher.find(1)->settings();
    settings.lag.warn = warn;
    s.watcher.configure(1, settings);
    s.next = s.watcher.step({start + 1ms});
}

} // namespace

TEST_CASE("paused: a stop is in no maximum, sample or history", "[watch]") {
    scene s;
    const auto stopped = start + 2s + GENERATE(1ms, 120ms, 249ms);
    s.play(start + 30s, never, never, stopped, stopped + 8s);
    CHECK(s.status(start + 30s).lag_max < 100ms);
    CHECK(s.watcher.find(1)->window(start + 30s).max < 100ms);
    for (const auto& second : s.watcher.find(1)->history()) {
        CHECK(second.lag_max < 100ms);
    }
    s.play(stopped + 8s); // the sample that was overdue is the last one
    CHECK(s.status(stopped + 8s).lag_sample < 100ms);
}

TEST_CASE("paused: a stop in the middle of a turn is in no maximum of it", "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    s.play(begin + 40ms, begin, begin + 1h);
    const auto goes_on = begin + 30s;
    s.end_turn(goes_on, 30s);                 // the loop runs first ...
    s.next = s.watcher.step({goes_on + 1ms}); // ... the watcher a moment later
    s.play(goes_on + 10s);
    CHECK(s.sink.all<model::paused>().size() == 1);
    CHECK(s.sink.all<model::stall>().empty());
    CHECK(s.status(goes_on + 10s).lag_max < 100ms);
}

TEST_CASE("paused: a short stop is not a stall of a loop with a small warn", "[watch]") {
    scene s;
    set_warn(s, 20ms);
    for (int i = 0; i < 50; ++i) {
        const auto stopped = start + 1s + i * 137ms;
        s.play(stopped + 100ms, never, never, stopped, stopped + 60ms);
    }
    CHECK(s.sink.events.empty());
    CHECK(s.status(s.next).lag_max < 20ms);
}

TEST_CASE("paused: a loop that hangs in a process that is stopped repeatedly trips", "[watch]") {
    scene s;
    s.finder.finds.cause = model::cause::blocked;
    s.watcher.configure({.watchdog = {.lag = 30s}, .grace = 0s});
    s.play(start + 1s);
    int stops = 0;
    for (; s.sink.all<model::trip>().empty() && stops < 1000; ++stops) { // half of each 600 ms
        const auto stopped = start + 1s + stops * 600ms;
        s.play(stopped + 600ms, start + 1s, never, stopped, stopped + 300ms);
    }
    CHECK(stops * 300ms >= 29s); // of its own time
    CHECK(stops * 300ms <= 45s); // some of which passed in the same sleep as a stop
}

TEST_CASE("starved: a loop that had waited for a CPU until it was looked at does not trip",
          "[watch]") {
    scene s;
    const auto waited = GENERATE(5900ms, 3000ms); // of 6 s, by the watcher
    s.play(start + 2s);                           // and judged since the start
    s.gauge->complete({s.deadline, 6s}, interval);
    const auto now = s.deadline + 6s;
    s.deadline += 6250ms;
    s.gauge->set_deadline(s.deadline);
    s.next = s.watcher.step({now, 0s, waited, 6200ms - waited});
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    const bool starved = waited > 3600ms;
    CHECK(stalls[0].cause == (starved ? model::cause::starved : model::cause::unknown));
    CHECK(s.sink.all<model::trip>().empty() == starved);
}
