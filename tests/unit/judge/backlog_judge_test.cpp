// SPDX-License-Identifier: MIT
#include "judge/backlog_judge.hpp"
#include "support/catch.hpp"
#include "unit/judge/events_of.hpp"

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1000s};

struct strand {
    backlog_judge judge{"main"};
    lag_limits limits{.warn = 100ms, .critical = 1s, .clear_after = 1s};
    alert_budget budget{10};
    std::uint64_t episode = 6;
    std::function<std::uint64_t()> new_episode = [this] { return ++episode; };
    events out;

    void look(duration at, const std::optional<late_work>& worst = std::nullopt) {
        judge.step({start + at, limits, 3, budget, new_episode}, worst, out);
    }
    void waited(duration at, duration wait) {
        look(at, late_work{start + at, wait, "strand_executor.execute", "poll", "poll.cpp:8"});
    }
};

} // namespace

TEST_CASE("backlog_judge: work that waited for warn is an episode, with who waited") {
    strand s;
    s.waited(1s, 99ms);
    CHECK(s.out.empty());
    s.waited(2s, 100ms);
    const auto begun = events_of<backlog>(s.out);
    REQUIRE(s.out.size() == 1);
    REQUIRE(begun.size() == 1);
    CHECK(begun[0].loop == "main");
    CHECK(begun[0].episode == 7);
    CHECK(begun[0].severity == level::degraded);
    CHECK(begun[0].waited == 100ms);
    CHECK(begun[0].threshold == 100ms);
    CHECK(begun[0].handler == "strand_executor.execute");
    CHECK(begun[0].task == "poll");
    CHECK(begun[0].spawned == "poll.cpp:8");
    CHECK(begun[0].active_tasks == 3);
}

TEST_CASE("backlog_judge: it is reported again at critical and its doublings") {
    strand s;
    for (auto wait = 100ms; wait <= 5s; wait += 100ms) {
        s.waited(wait, wait);
    }
    const auto all = events_of<backlog>(s.out);
    REQUIRE(all.size() == 4); // 100 ms, 1 s, 2 s, 4 s
    CHECK(all[1].severity == level::stalled);
    CHECK(all[1].threshold == 1s);
    CHECK(all[3].waited == 4s);
    CHECK(all[3].episode == 7);
}

TEST_CASE("backlog_judge: it is over when nothing waited for half of warn for clear_after") {
    strand s;
    s.waited(2s, 500ms);
    s.waited(3s, 50ms); // half of warn
    CHECK(s.judge.next_check() == start + 4s);
    s.waited(3500ms, 49ms);
    s.look(4s - 1ns);
    CHECK(events_of<backlog_over>(s.out).empty());
    s.look(4s);
    const auto over = events_of<backlog_over>(s.out);
    REQUIRE(over.size() == 1);
    CHECK(over[0].loop == "main");
    CHECK(over[0].episode == 7);
    CHECK(over[0].lasted == 1500ms); // from the creation of the first to the begin of the last
    CHECK(over[0].peak == 500ms);
    CHECK_FALSE(over[0].unwatched);
    CHECK(s.judge.next_check() == time_point::max());
    s.waited(5s, 100ms);
    CHECK(events_of<backlog>(s.out).back().episode == 8);
}

TEST_CASE("backlog_judge: without budget neither it nor its end is a record") {
    strand s;
    s.budget.configure(0);
    s.waited(2s, 500ms);
    s.look(3s);
    CHECK(made<backlog>(s.out).size() == 1);
    CHECK(made<backlog_over>(s.out).size() == 1);
    CHECK(events_of<backlog>(s.out).empty());
    CHECK(events_of<backlog_over>(s.out).empty());
    CHECK(s.budget.total_suppressed() == 1);
}

TEST_CASE("backlog_judge: it ends when the loop is not watched any more") {
    strand s;
    s.waited(2s, 500ms);
    s.judge.finish(s.out);
    const auto over = events_of<backlog_over>(s.out);
    REQUIRE(over.size() == 1);
    CHECK(over[0].lasted == 500ms);
    CHECK(over[0].unwatched);
    s.judge.finish(s.out);
    CHECK(events_of<backlog_over>(s.out).size() == 1);
}

} // namespace loopmon::judge
