// SPDX-License-Identifier: MIT
//
// Work that waits although the loop is on time, and waits that do not count as that.
#include "unit/watch/tracked_scene.hpp"

namespace {

constexpr auto begin = start + 5s;

struct strand_scene : tracked_scene {
    strand_scene() { play(begin); }

    /// A handler begins that was posted `wait` ago.
    void began(model::time_point at, model::duration wait) {
        clock(at);
        slot->show({measure::cycle_clock::now(), "strand_executor", "execute", 0});
        slot->waited(std::chrono::nanoseconds(wait));
        slot->show_none();
    }
};

} // namespace

TEST_CASE("backlog: what waits behind a strand is reported with its name, and its end", "[watch]") {
    strand_scene s;
    s.began(begin + 10ms, 700ms);
    s.began(begin + 20ms, 600ms); // the longest counts
    s.play(begin + 200ms);
    const auto waits = s.sink.all<model::backlog>();
    REQUIRE(waits.size() == 1);
    CHECK(waits[0].loop == "main");
    CHECK(waits[0].episode == 1);
    CHECK(waits[0].severity == model::level::degraded);
    CHECK(waits[0].waited == 700ms);
    CHECK(waits[0].threshold == 100ms);
    CHECK(waits[0].handler == "strand_executor.execute");
    CHECK(s.status(begin + 200ms).state == model::level::nominal);
    CHECK(s.status(begin + 200ms).n_stalls == 0);

    s.began(begin + 500ms, 2s);
    s.play(begin + 5s);
    CHECK(s.sink.all<model::backlog>().size() == 2);
    const auto over = s.sink.all<model::backlog_over>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].loop == "main");
    CHECK(over[0].episode == 1);
    CHECK(over[0].peak == 2s);
    CHECK(over[0].lasted == 1190ms); // from 690 ms before `begin`
    CHECK(s.sink.all<model::stall>().empty());
}

TEST_CASE("backlog: an end comes when the loop is unwatched", "[watch]") {
    strand_scene s;
    s.began(begin + 10ms, 700ms);
    s.play(begin + 200ms);
    s.watcher.finish(1, begin + 200ms);
    const auto over = s.sink.all<model::backlog_over>();
    REQUIRE(over.size() == 1);
    CHECK(over[0].lasted == 700ms);
    CHECK(over[0].unwatched);
}

TEST_CASE("backlog: work that waited for a late loop is the stall's, not a backlog", "[watch]") {
    strand_scene s;
    s.blocked(begin, begin + 3s);
    s.began(begin + 3010ms, 2900ms); // posted in the stall
    s.play(begin + 10s);
    CHECK(s.sink.all<model::stall>().size() == 3);
    CHECK(s.sink.all<model::backlog>().empty());
    SECTION("but what it waited on top of that is") {
        s.blocked(begin + 10s, begin + 11s);
        s.began(begin + 11500ms, 1400ms);
        s.play(begin + 12s);
        const auto waits = s.sink.all<model::backlog>();
        REQUIRE(waits.size() == 1);
        CHECK(waits[0].waited == 500ms);
    }
}

TEST_CASE("backlog: nothing is reported of what was posted before judging began", "[watch]") {
    strand_scene s;
    s.watcher.find(1)->judge_from(begin + 1s);
    s.began(begin + 500ms, 400ms);
    s.play(begin + 1s);
    s.began(begin + 1050ms, 800ms);
    s.play(begin + 3s);
    CHECK(s.sink.all<model::backlog>().empty());
}

TEST_CASE("backlog: time in which the process was stopped is not a wait", "[watch]") {
    strand_scene s;
    const auto never = model::time_point::max();
    s.play(begin + 8060ms, never, never, begin + 50ms, begin + 8050ms);
    s.began(begin + 8080ms, 8060ms);
    s.play(begin + 10s);
    CHECK(s.sink.all<model::backlog>().empty());
}
