// SPDX-License-Identifier: MIT
#include "measure/task_table.hpp"
#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;

namespace {

const new_task any = {.name = "any"};

} // namespace

TEST_CASE("task_handle: stands for its task until that ends, and for nothing afterwards") {
    task_table table;
    const auto task = table.add({.name = "first"});
    REQUIRE(find_task(task));
    CHECK(find_task(task)->name == "first");
    table.remove(task);
    CHECK_FALSE(find_task(task));
    const auto next = table.add({.name = "second"});
    REQUIRE(slot_of(next) == slot_of(task));
    CHECK_FALSE(find_task(task));
    CHECK(find_task(next)->name == "second");
    CHECK_FALSE(find_task(0));
}

TEST_CASE("task_handle: outlives the table") {
    task_handle task = 0;
    {
        task_table table;
        task = table.add(any);
        CHECK(find_task(task));
    }
    CHECK_FALSE(find_task(task));
    task_ran(task, 1ms);
    task_handler_created(task);
    task_handler_closed(task);
}

TEST_CASE("task_table: what a table leaves behind serves the next one") {
    std::set<std::uint32_t> first;
    {
        task_table table;
        for (std::uint32_t i = 0; i <= task_block::size; ++i) {
            first.insert(slot_of(table.add(any)));
        }
    }
    task_table table;
    std::set<std::uint32_t> second;
    for (std::uint32_t i = 0; i <= task_block::size; ++i) {
        const auto task = table.add(any);
        second.insert(slot_of(task));
        CHECK(find_task(task)->handlers == 0);
    }
    CHECK(second.size() == task_block::size + 1);
    CHECK(table.list().size() == second.size());
    const auto block = [](std::uint32_t slot) { return slot / task_block::size; };
    CHECK(block(*first.begin()) == block(*second.begin()));
    CHECK(block(*first.rbegin()) == block(*second.rbegin()));
}

TEST_CASE("task_table: lists its own tasks only") {
    task_table one;
    task_table two;
    const auto task = one.add({.name = "one"});
    REQUIRE(two.add({.name = "two"}) != 0);
    REQUIRE(one.list().size() == 1);
    CHECK(one.list()[0].name == "one");
    CHECK(two.active() == 1);
    one.remove(task);
    CHECK(one.list().empty());
    CHECK(two.list().size() == 1);
}

TEST_CASE("task accounts: handlers and run time are those of the task, from zero on") {
    task_table table;
    const auto task = table.add(any);
    task_handler_created(task);
    task_handler_created(task);
    task_ran(task, 3us);
    task_ran(task, 4us);
    CHECK(find_task(task)->handlers == 2);
    CHECK(find_task(task)->run_time == 7us);
    task_handler_closed(task);
    CHECK(find_task(task)->handlers == 1);
    task_handler_closed(task);
    CHECK(find_task(task)->handlers == 0);
    CHECK(table.list()[0].run_time == 7us);
}

TEST_CASE("task accounts: no task has none") {
    task_handler_created(0);
    task_ran(0, 1s);
    task_handler_closed(0);
    task_table table;
    const auto task = table.add(any);
    CHECK(find_task(task)->handlers == 0);
    CHECK(find_task(task)->run_time == 0ns);
}

TEST_CASE("task accounts: what a task left behind does not go to the next one in its slot") {
    task_table table;
    const auto over = table.add(any);
    task_handler_created(over);
    task_ran(over, 1ms);
    table.remove(over);
    task_handler_created(over);
    const auto next = table.add(any);
    REQUIRE(slot_of(next) == slot_of(over));
    task_ran(over, 1ms);
    task_handler_closed(over);
    task_handler_closed(over);
    task_handler_created(over);
    CHECK(find_task(next)->handlers == 0);
    CHECK(find_task(next)->run_time == 0ns);
}

TEST_CASE("task_table: a task shows its parent, for as long as it lives itself") {
    task_table table;
    task_table other;
    const auto parent = other.add({.name = "parent"});
    const auto id = other.list()[0].id;
    const auto child = table.add({.name = "child", .parent = parent, .offloaded = true});
    CHECK(find_task(child)->parent == id);
    CHECK(find_task(child)->offloaded);
    CHECK(find_task(parent)->parent == 0);
    CHECK_FALSE(find_task(parent)->offloaded);
    other.remove(parent);
    CHECK(find_task(child)->parent == id);
    const auto orphan = table.add({.name = "orphan", .parent = parent});
    CHECK(find_task(orphan)->parent == 0);
    table.remove(child);
    const auto next = table.add(any);
    REQUIRE(slot_of(next) == slot_of(child));
    CHECK(find_task(next)->parent == 0);
    CHECK_FALSE(find_task(next)->offloaded);
}

TEST_CASE("task accounts: many threads, and every handler and nanosecond is there") {
    task_table table;
    const auto task = table.add(any);
    constexpr int rounds = 20'000;
    std::array<std::thread, 3> threads;
    for (auto& thread : threads) {
        thread = std::thread([task] {
            for (int i = 0; i < rounds; ++i) {
                task_handler_created(task);
                task_ran(task, 1ns);
                if (i % 2 == 0) {
                    task_handler_closed(task);
                }
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(find_task(task)->handlers == threads.size() * rounds / 2);
    CHECK(find_task(task)->run_time == std::chrono::nanoseconds(threads.size() * rounds));
}

TEST_CASE("task accounts: handlers that outlive their task never touch the next one's number") {
    task_table table;
    std::atomic<task_handle> current{table.add(any)};
    std::atomic<bool> done{false};
    std::array<std::thread, 2> threads;
    for (auto& thread : threads) {
        thread = std::thread([&current, &done] {
            while (!done) {
                const auto task = current.load();
                task_handler_created(task);
                task_handler_closed(task); // often of a task that is over by now
            }
        });
    }
    int wrong = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto before = current.load();
        table.remove(before);
        current = table.add(any);
        const auto info = find_task(current);
        wrong += !info || info->handlers > threads.size();
    }
    done = true;
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(wrong == 0);
    CHECK(find_task(current)->handlers == 0);
}
