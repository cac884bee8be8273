// SPDX-License-Identifier: MIT
//
// Handlers that announced themselves as long (loopmon::expect_long): what that exempts, and what it
// does not.
#include "measure/expectation.hpp"
#include "unit/watch/tracked_scene.hpp"

#include <future>
#include <thread>

namespace {

/// What loopmon::expect_long does, on the clock of the scene.
struct announced {
    announced(model::time_point now, model::duration length, std::string_view reason) {
        measure::open_expectation(now, length, reason);
    }
    ~announced() { measure::close_expectation(); }
    announced(const announced&) = delete;
    announced& operator=(const announced&) = delete;
};

} // namespace

TEST_CASE("expected: a handler as long as announced is reported once and is not a stall",
          "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    {
        const announced reindex(begin, 2s, "reindex");
        s.play(begin + 1900ms, begin, begin + 1950ms);
        CHECK(s.status(begin + 1900ms).lag == 1900ms); // shown as ever
    }
    s.end_turn(begin + 1950ms, 1950ms);
    s.play(start + 20s);
    CHECK(s.sink.all<model::stall>().empty());
    const auto told = s.sink.all<model::expected_long>();
    REQUIRE(told.size() == 1);
    CHECK(told[0].reason == "reindex");
    CHECK(told[0].allowed == 2s);
    CHECK(s.status(start + 20s).n_expected == 1);
    CHECK(s.status(start + 20s).lag_max == 1950ms);
    CHECK(s.watcher.worst() == model::level::nominal);
    CHECK(s.finder.concluded.empty()); // nor is its thread disturbed for a stack
}

TEST_CASE("expected: a handler that takes longer than it said is a stall from then on", "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    const announced reindex(begin, 2s, "reindex");
    s.play(begin + 1999ms, begin, begin + 20s);
    CHECK(s.sink.all<model::stall>().empty());
    s.play(begin + 2005ms, begin, begin + 20s);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].severity == model::level::stalled);
    CHECK(stalls[0].lag >= 2s);
    s.play(begin + 5100ms, begin, begin + 20s);
    CHECK(s.sink.all<model::trip>().size() == 1);
}

TEST_CASE("expected: the watchdog is fed while a handler is as long as it said", "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    const announced update(begin, 60s, "firmware update");
    const auto before = s.notifier.count("ping");
    s.play(begin + 50s, begin, begin + 55s);
    CHECK(s.notifier.count("ping") >= before + 14); // every third of 10 s
    CHECK(s.sink.all<model::trip>().empty());
}

TEST_CASE("expected: nothing is looked at more often because a handler is over its time",
          "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    const announced reindex(begin, 2s, "reindex");
    s.play(begin + 3s, begin, begin + 60s);
    const int before = s.steps;
    s.play(begin + 4s, begin, begin + 60s);
    CHECK(s.steps - before <= 15);
}

TEST_CASE("expected: a thread that announced an hour does not excuse the others", "[watch]") {
    tracked_scene s;
    s.finder.finds.cause = model::cause::blocked;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    const announced work(begin, 1h, "reindex");
    const auto stuck = begin + GENERATE(0ms, 1ms, 2s);
    s.play(stuck, begin, begin + 1h);
    CHECK(s.sink.all<model::stall>().empty());
    s.clock(stuck);
    auto* const other = s.loop->tracking().slot_for(4711);
    other->show({measure::cycle_clock::now(), "strand", "post", 0});
    s.play(stuck + 4900ms, begin, begin + 1h);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE_FALSE(stalls.empty());
    CHECK(stalls[0].lag >= 100ms);
    CHECK(stalls[0].lag <= 105ms);
    CHECK(stalls[0].culprit.handler == "strand.post");
    CHECK(s.finder.threads.back() == 4711);
    CHECK(s.sink.all<model::trip>().empty());
    const auto pings = s.notifier.count("ping");
    s.play(stuck + 5200ms, begin, begin + 1h);
    REQUIRE(s.sink.all<model::trip>().size() == 1);
    CHECK(s.sink.all<model::trip>()[0].culprit.handler == "strand.post");
    CHECK(s.notifier.count("ping") == pings);
    other->show_none();
}

TEST_CASE("expected: of two announcements the one that ends first is kept to", "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    s.play(begin);
    s.begin_turn(begin);
    const announced work(begin, 1h, "reindex");
    std::thread second;
    std::promise<pid_t> id;
    std::promise<void> over;
    second = std::thread([&] {
        const announced brief(begin, 2s, "compress");
        id.set_value(::gettid());
        over.get_future().wait();
    });
    auto* const other = s.loop->tracking().slot_for(id.get_future().get());
    other->show({measure::cycle_clock::now(), "strand", "post", 0});
    s.play(begin + 1999ms, begin, begin + 1h);
    CHECK(s.sink.all<model::stall>().empty());
    s.play(begin + 2005ms, begin, begin + 1h);
    REQUIRE(s.sink.all<model::stall>().size() == 1);
    CHECK(s.sink.all<model::stall>()[0].culprit.handler == "strand.post");
    other->show_none();
    over.set_value();
    second.join();
}

TEST_CASE("expected: what follows in the same turn counts from its own begin", "[watch]") {
    tracked_scene s;
    const auto begin = start + 5s;
    const auto next = begin + 8s;
    s.play(begin);
    s.begin_turn(begin);
    {
        const announced reindex(begin, 10s, "reindex");
        s.play(next - 1us, begin, begin + 1h);
    }
    s.clock(next);
    s.slot->finished();
    s.slot->ran(8s);
    s.slot->show({measure::cycle_clock::now(), "socket", "async_send", 0});
    SECTION("a short one is not a stall, and trips nothing") {
        s.play(next + 90ms, begin, next + 90ms);
        s.end_turn(next + 90ms, 90ms);
        s.play(next + 30s);
        CHECK(s.sink.all<model::stall>().empty());
        CHECK(s.sink.all<model::trip>().empty());
    }
    SECTION("one that never ends is a stall, and trips") {
        s.play(next + 200ms, begin, begin + 1h);
        const auto stalls = s.sink.all<model::stall>();
        REQUIRE(stalls.size() == 1);
        CHECK(stalls[0].lag < 110ms);
        CHECK(stalls[0].culprit.handler == "socket.async_send");
        s.play(next + 5200ms, begin, begin + 1h);
        CHECK(s.sink.all<model::trip>().size() == 1);
    }
}
