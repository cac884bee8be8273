// SPDX-License-Identifier: MIT
#include "judge/tasks_judge.hpp"
#include "support/catch.hpp"
#include "unit/judge/events_of.hpp"

#include <initializer_list>

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1000s};
constexpr duration tick = 1ns;
constexpr task_limits leak_only{.max = 0, .leak_windows = 3, .leak_window = 60s, .leak_min = 10};

struct counted {
    tasks_judge judge;
    alert_budget budget{1000};
    time_point now = start;
    events out;

    explicit counted(task_limits limits) : judge("main", limits) { judge.judge_from(start); }

    void see(std::uint64_t active_tasks) { judge.step(now, active_tasks, budget, out); }

    /// One window each, with the given minimum and a burst in the middle; the last one is closed by
    /// the first step of the next.
    void windows(std::initializer_list<std::uint64_t> minima) {
        for (const auto minimum : minima) {
            see(minimum);
            now += 30s;
            see(minimum + 500);
            now += 30s;
        }
    }
};

TEST_CASE("tasks_judge: one task over the limit is reported once, the limit itself is not") {
    counted tasks({.max = 100});
    tasks.see(100);
    CHECK(tasks.out.empty());
    tasks.see(101);
    tasks.see(5000);
    const auto events = events_of<tasks_high>(tasks.out);
    REQUIRE(tasks.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].loop == "main");
    CHECK(events[0].active_tasks == 101);
    CHECK(events[0].limit == 100);
}

TEST_CASE("tasks_judge: what is wrong ends when the loop is not watched any more") {
    counted tasks({.max = 100});
    tasks.see(101);
    tasks.out.clear();
    tasks.judge.finish(120, tasks.out);
    const auto events = events_of<tasks_normal>(tasks.out);
    REQUIRE(tasks.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].loop == "main");
    CHECK(events[0].active_tasks == 120);
    CHECK(events[0].limit == 100);
    CHECK(events[0].unwatched);
    tasks.judge.finish(120, tasks.out);
    CHECK(tasks.out.size() == 1);
}

TEST_CASE("tasks_judge: flapping around the limit is held to the budget of the loop, and counted") {
    counted tasks({.max = 100});
    tasks.budget.configure(10);
    for (int i = 0; i < 500; ++i) {
        tasks.see(101);
        tasks.see(100);
    }
    CHECK(events_of<tasks_high>(tasks.out).size() == 10);
    CHECK(events_of<tasks_normal>(tasks.out).size() == 10);
    CHECK(tasks.budget.total_suppressed() == 490);
}

TEST_CASE("tasks_judge: back at the limit is normal, reported once") {
    counted tasks({.max = 100});
    tasks.see(101);
    tasks.out.clear();
    tasks.see(100);
    tasks.see(99);
    const auto events = events_of<tasks_normal>(tasks.out);
    REQUIRE(tasks.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].active_tasks == 100);
    CHECK(events[0].limit == 100);
}

TEST_CASE("tasks_judge: a maximum of zero means no limit") {
    counted tasks(leak_only);
    tasks.see(1'000'000);
    CHECK(tasks.out.empty());
}

TEST_CASE("tasks_judge: nothing is judged before its time") {
    counted tasks({.max = 100});
    tasks.judge.judge_from(start + 5s);
    tasks.now = start + 5s - tick;
    tasks.see(101);
    CHECK(tasks.out.empty());
    tasks.now = start + 5s;
    tasks.see(101);
    CHECK(events_of<tasks_high>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: without judge_from nothing is judged") {
    tasks_judge judge("main", {.max = 1});
    events out;
    alert_budget budget{10};
    judge.step(start + 24h, 1000, budget, out);
    CHECK(out.empty());
}

TEST_CASE("tasks_judge: minima that rise leak_windows times in a row are a leak") {
    counted tasks(leak_only);
    tasks.windows({20, 24, 28, 32});
    CHECK(tasks.out.empty()); // three rises, the third window is not over yet
    tasks.see(33);
    const auto events = events_of<tasks_leak>(tasks.out);
    REQUIRE(tasks.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].loop == "main");
    CHECK(events[0].active_tasks == 33);
    CHECK(events[0].limit == 20);
    CHECK(events[0].windows == 3);
    CHECK(events[0].window == 60s);
}

TEST_CASE("tasks_judge: a window ends at its end and not a tick earlier") {
    counted tasks({.max = 0, .leak_windows = 1, .leak_window = 60s, .leak_min = 10});
    tasks.see(10);
    tasks.now += 60s;
    tasks.see(20); // second window
    tasks.now += 60s - tick;
    tasks.see(20);
    CHECK(tasks.out.empty());
    tasks.now += tick;
    tasks.see(20);
    CHECK(events_of<tasks_leak>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: a rise one short of leak_min is none") {
    counted tasks(leak_only);
    tasks.windows({20, 21, 22, 29, 29});
    CHECK(tasks.out.empty());
}

TEST_CASE("tasks_judge: a rise of exactly leak_min is a leak") {
    counted tasks(leak_only);
    tasks.windows({20, 21, 22, 30, 30});
    CHECK(events_of<tasks_leak>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: a minimum that stays once breaks the row") {
    counted tasks(leak_only);
    tasks.windows({20, 40, 40, 60, 80});
    CHECK(tasks.out.empty());
    tasks.windows({100, 100}); // 40 60 80 100 is the row
    CHECK(events_of<tasks_leak>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: bursts of any size are not a leak") {
    counted tasks(leak_only);
    for (std::uint64_t burst = 1; burst <= 20; ++burst) {
        tasks.see(burst * 1000);
        tasks.now += 30s;
        tasks.see(7);
        tasks.now += 30s;
    }
    CHECK(tasks.out.empty());
}

TEST_CASE("tasks_judge: a leak is reported once, and normal when a minimum did not rise") {
    counted tasks(leak_only);
    tasks.windows({10, 20, 30, 40, 50, 60, 70});
    CHECK(tasks.out.size() == 1);
    tasks.out.clear();
    tasks.windows({70, 70, 70});
    const auto events = events_of<tasks_normal>(tasks.out);
    REQUIRE(tasks.out.size() == 1);
    REQUIRE(events.size() == 1);
    CHECK(events[0].limit == 10);
}

TEST_CASE("tasks_judge: it is not normal while the other rule holds") {
    counted tasks({.max = 15, .leak_windows = 3, .leak_window = 60s, .leak_min = 10});
    tasks.windows({16, 26, 36, 46});
    tasks.see(46);
    CHECK(events_of<tasks_high>(tasks.out).size() == 1);
    CHECK(events_of<tasks_leak>(tasks.out).size() == 1);
    tasks.see(15); // under the limit, but the last window rose
    CHECK(events_of<tasks_normal>(tasks.out).empty());
    tasks.now += 60s;
    tasks.see(15);
    CHECK(events_of<tasks_normal>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: a gap without observations is one window") {
    counted tasks({.max = 0, .leak_windows = 1, .leak_window = 60s, .leak_min = 10});
    tasks.see(10);
    tasks.now += 1h;
    tasks.see(100);
    CHECK(tasks.out.empty());
    tasks.now += 60s - tick;
    tasks.see(100);
    CHECK(tasks.out.empty());
    tasks.now += tick;
    tasks.see(100);
    CHECK(events_of<tasks_leak>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: a new leak rule restarts the windows, another limit does not") {
    const bool rule_changes = GENERATE(true, false);
    CAPTURE(rule_changes);
    counted tasks(leak_only);
    tasks.windows({10, 20, 30});
    auto limits = leak_only;
    if (rule_changes) {
        limits.leak_min = 11;
    } else {
        limits.max = 1'000'000;
    }
    tasks.judge.configure(limits);
    tasks.windows({40, 40});
    CHECK(events_of<tasks_leak>(tasks.out).size() == (rule_changes ? 0u : 1u));
}

TEST_CASE("tasks_judge: lifting the limit makes it normal") {
    counted tasks({.max = 100});
    tasks.see(101);
    tasks.judge.configure({.max = 0});
    tasks.see(101);
    CHECK(events_of<tasks_normal>(tasks.out).size() == 1);
}

TEST_CASE("tasks_judge: zero leak_windows means no leak rule") {
    counted tasks({.max = 0, .leak_windows = 0, .leak_window = 60s, .leak_min = 0});
    tasks.windows({10, 20, 30, 40, 50});
    CHECK(tasks.out.empty());
}

TEST_CASE("tasks_judge: tasks made during start-up are not a rise") {
    counted tasks(leak_only);
    tasks.judge.judge_from(start + 3min);
    tasks.windows({10, 20, 30, 40, 50, 50, 50});
    CHECK(tasks.out.empty());
}

TEST_CASE("tasks_judge: a new judge_from restarts the windows") {
    counted tasks(leak_only);
    tasks.windows({10, 20, 30});
    tasks.judge.judge_from(tasks.now + tick);
    tasks.see(40);
    tasks.now += tick;
    tasks.windows({50, 60, 70, 70});
    CHECK(tasks.out.empty());
}

} // namespace
} // namespace loopmon::judge
