// SPDX-License-Identifier: MIT
//
// A loop on several threads, some of which are stuck in a handler: the loop goes on without them.
#include "measure/expectation.hpp"
#include "unit/watch/tracked_scene.hpp"

#include <thread>

namespace {

constexpr auto begin = start + 5s;

/// A thread takes a handler in a turn that another thread ends soon after.
measure::thread_slot& stuck_in(const scene& s, pid_t thread, model::time_point since) {
    tracked_scene::clock(since);
    auto* const taken = s.loop->tracking().slot_for(thread);
    s.loop->tracking().begin_turn(measure::cycle_clock::now());
    taken->show({measure::cycle_clock::now(), "strand", "post", 0});
    tracked_scene::clock(since + 1ms);
    s.loop->tracking().end_turn(measure::cycle_clock::now());
    return *taken;
}

/// The thread of the tracked scene polls and runs what is ready; other ones got stuck.
struct threaded_scene : tracked_scene {
    threaded_scene() { play(begin); }
    measure::thread_slot& stuck(pid_t thread, model::time_point since) {
        return stuck_in(*this, thread, since);
    }
};

} // namespace

TEST_CASE("busy: a handler that outlasts its turn is a stall of its thread, not of the loop",
          "[watch]") {
    threaded_scene s;
    s.finder.finds = {model::cause::blocked,
                      {.syscall = "read", .stack = {"read", "main"}, .machine = {}}};
    auto& other = s.stuck(4711, begin);
    s.play(begin + 999ms);
    CHECK(s.sink.events.empty());
    CHECK(s.status(begin + 999ms).busy_threads == 0);
    s.play(begin + 1010ms);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].loop == "main");
    CHECK(stalls[0].episode == 1);
    CHECK(stalls[0].severity == model::level::degraded);
    CHECK(stalls[0].lag >= 1s);
    CHECK(stalls[0].lag <= 1005ms);
    CHECK(stalls[0].threshold == 1s);
    CHECK(stalls[0].cause == model::cause::blocked);
    CHECK(stalls[0].ongoing);
    CHECK(stalls[0].culprit.handler == "strand.post");
    CHECK(stalls[0].culprit.syscall == "read");
    CHECK(stalls[0].culprit.stack.lines().size() == 2);
    CHECK(stalls[0].thread == 4711);
    CHECK(s.finder.threads == std::vector<pid_t>{4711});
    CHECK(s.status(begin + 1010ms).busy_threads == 1);
    CHECK(s.status(begin + 1010ms).state == model::level::nominal);
    CHECK(s.status(begin + 1010ms).lag < 10ms);
    CHECK(s.status(begin + 1010ms).n_stalls == 0);

    s.play(begin + 20s);
    CHECK(s.sink.all<model::stall>().size() == 5); // at 2, 4, 8 and 16 s again
    CHECK(s.sink.all<model::trip>().empty());
    CHECK(s.watcher.worst() == model::level::nominal);
    other.show_none();
    s.play(begin + 21s);
    const auto over = s.sink.all<model::recovered>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].loop == "main");
    CHECK(over[0].episode == 1);
    CHECK(over[0].lasted >= 20s);
    CHECK(over[0].lasted <= 20100ms); // it is looked for each 100 ms
    CHECK(over[0].peak == over[0].lasted);
    CHECK(over[0].cause == model::cause::blocked);
    CHECK(over[0].thread == 4711);
    CHECK_FALSE(over[0].unwatched);
    CHECK(s.status(begin + 21s).busy_threads == 0);
}

TEST_CASE("busy: three of four threads stuck for good are three stalls", "[watch]") {
    threaded_scene s;
    std::vector<measure::thread_slot*> stuck;
    for (const pid_t thread : {4711, 4712, 4713}) {
        stuck.push_back(&s.stuck(thread, begin + (thread - 4711) * 10ms));
    }
    s.play(begin + 1100ms);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 3);
    CHECK(stalls[0].thread == 4711);
    CHECK(stalls[1].thread == 4712);
    CHECK(stalls[2].thread == 4713);
    CHECK(stalls[2].episode == 3);
    CHECK(s.status(begin + 1100ms).busy_threads == 3);
    CHECK(s.watcher.worst() == model::level::nominal);
    for (auto* const slot : stuck) {
        slot->show_none();
    }
}

TEST_CASE("busy: the culprit of a late loop is a handler of its turn, and decides about the trip",
          "[watch]") {
    const bool harmless = GENERATE(true, false); // is the handler that began before
    CAPTURE(harmless);
    threaded_scene s;
    const watch::finding starved{model::cause::starved, {}};
    const watch::finding blocked{model::cause::blocked, {.syscall = "futex"}};
    s.finder.finds_in[4711] = harmless ? starved : blocked;
    s.finder.finds_in[::gettid()] = harmless ? blocked : starved;
    auto& other = s.stuck(4711, begin);
    s.play(begin + 500ms);
    s.begin_turn(begin + 500ms);
    s.play(begin + 6s, begin + 500ms, begin + 20s);
    for (const auto& stall : s.sink.all<model::stall>()) {
        CHECK(stall.culprit.handler ==
              (stall.thread == 0 ? "socket.async_receive" : "strand.post"));
    }
    const auto trips = s.sink.all<model::trip>();
    REQUIRE(trips.size() == (harmless ? 1 : 0));
    if (harmless) {
        CHECK(trips[0].cause == model::cause::blocked);
        CHECK(trips[0].culprit.handler == "socket.async_receive");
        CHECK(trips[0].culprit.syscall == "futex");
    }
    CHECK(s.status(begin + 6s).busy_threads == 2);
    CHECK(s.status(begin + 6s).running_handler == "socket.async_receive");
    other.show_none();
}

TEST_CASE("busy: a handler that announced itself is not reported while it keeps its word",
          "[watch]") {
    threaded_scene s;
    measure::thread_slot* other = nullptr;
    std::thread worker([&] {
        measure::open_expectation(begin, 10s, "compress");
        other = &s.stuck(::gettid(), begin);
        s.play(begin + 9900ms);
        CHECK(s.sink.all<model::stall>().empty());
        CHECK(s.status(begin + 9900ms).busy_threads == 0);
        s.play(begin + 10200ms);
        CHECK(s.sink.all<model::stall>().size() == 1);
        CHECK(s.status(begin + 10200ms).busy_threads == 1);
        measure::close_expectation();
    });
    worker.join();
    other->show_none();
}

TEST_CASE("busy: what is stuck when the loop is unwatched has its end", "[watch]") {
    threaded_scene s;
    auto& other = s.stuck(4711, begin);
    s.play(begin + 3s);
    s.watcher.finish(1, begin + 3s);
    const auto over = s.sink.all<model::recovered>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].thread == 4711);
    CHECK(over[0].lasted == 3s);
    CHECK(over[0].unwatched);
    other.show_none();
}

TEST_CASE("busy: nothing is reported before judging begins", "[watch]") {
    threaded_scene s;
    s.watcher.find(1)->judge_from(begin + 10s);
    auto& other = s.stuck(4711, begin);
    s.play(begin + 9s);
    CHECK(s.sink.events.empty());
    s.play(begin + 10200ms);
    CHECK(s.sink.all<model::stall>().size() == 1);
    other.show_none();
}

TEST_CASE("busy: the others of an idle loop have run no handler yet", "[watch]") {
    scene s; // its sampler runs on the thread of the test
    tracked_scene::clock(start);
    s.loop->tracking().watch_turns();
    s.play(begin);
    stuck_in(s, 4711, begin);
    s.play(begin + 1010ms);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].thread == 4711);
    CHECK(s.status(begin + 1010ms).busy_threads == 1);
    CHECK(s.status(begin + 1010ms).state == model::level::nominal);
}
