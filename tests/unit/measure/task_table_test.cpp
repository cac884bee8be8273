// SPDX-License-Identifier: MIT
#include "base/utf8.hpp"
#include "measure/task_table.hpp"
#include "support/catch.hpp"
#include "support/task_names.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;
using loopmon::test::names;
using loopmon::test::names_of;

namespace {

constexpr std::chrono::steady_clock::time_point now{1h};

new_task called(std::string_view name) {
    return {.name = name, .began = now};
}

} // namespace

TEST_CASE("task_table: a task is listed with all that was given, until it is removed") {
    task_table table;
    const loopmon::source_location where("somewhere.cpp", 42, "spawner");
    const auto task = table.add({.name = "poll-modem", .where = where, .began = now});
    CHECK(table.active() == 1);
    const auto tasks = table.list();
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].name == "poll-modem");
    CHECK(tasks[0].file == "somewhere.cpp");
    CHECK(tasks[0].line == 42);
    CHECK(tasks[0].began == now);
    table.remove(task);
    CHECK(table.active() == 0);
    CHECK(table.list().empty());
}

TEST_CASE("task_table: tasks are listed oldest first, also when they reuse a slot") {
    task_table table;
    const auto one = table.add(called("one"));
    static_cast<void>(table.add(called("two")));
    static_cast<void>(table.add(called("three")));
    table.remove(one);
    CHECK(slot_of(table.add(called("four"))) == slot_of(one));
    CHECK(names_of(table) == names{"two", "three", "four"});
}

TEST_CASE("task_table: a shorter name leaves nothing of the longer one before it") {
    task_table table;
    table.remove(table.add(called("a name of some length")));
    static_cast<void>(table.add(called("short")));
    table.remove(table.add(called("x")));
    static_cast<void>(table.add(called("")));
    CHECK(names_of(table) == names{"short", ""});
}

TEST_CASE("task_table: ids are unique and never used again") {
    task_table table;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto task = table.add(called("x"));
        seen.insert(table.list().at(0).id);
        table.remove(task);
    }
    CHECK(seen.size() == 1000);
}

TEST_CASE("task_table: grows over block borders and loses nothing") {
    task_table table;
    std::vector<task_handle> tasks;
    constexpr std::size_t count = 3 * task_block::size + 1; // three blocks, one slot of a fourth
    for (std::size_t i = 0; i < count; ++i) {
        tasks.push_back(table.add(called(std::to_string(i))));
    }
    CHECK(std::set(tasks.begin(), tasks.end()).size() == count);
    const auto listed = names_of(table);
    REQUIRE(listed.size() == count);
    for (std::size_t i = 0; i < count; ++i) {
        CHECK(listed[i] == std::to_string(i));
    }
    for (const auto task : tasks) {
        table.remove(task);
    }
    CHECK(table.list().empty());
}

TEST_CASE("task_table: in a full table a task is counted and not listed") {
    task_table table(1);
    std::vector<task_handle> tasks;
    for (std::size_t i = 0; i < task_block::size; ++i) {
        tasks.push_back(table.add(called("fits")));
    }
    CHECK(tasks.back() != 0);
    const auto extra = table.add(called("does not fit"));
    CHECK(extra == 0);
    CHECK(table.active() == task_block::size + 1);
    CHECK(table.list().size() == task_block::size);
    table.remove(extra);
    CHECK(table.active() == task_block::size);
    table.remove(tasks[17]);
    CHECK(slot_of(table.add(called("fits again"))) == slot_of(tasks[17]));
}

TEST_CASE("task_table: pages are the oldest of what is left, whatever slots they are in") {
    task_table table;
    std::vector<task_handle> old;
    old.reserve(20);
    for (int i = 0; i < 20; ++i) {
        old.push_back(table.add(called("old")));
    }
    for (int i = 0; i < 20; i += 2) { // whose slots the younger ones get
        table.remove(old[static_cast<std::size_t>(i)]);
    }
    for (int i = 0; i < 15; ++i) {
        static_cast<void>(table.add(called("young")));
    }
    const auto whole = table.list();
    REQUIRE(whole.size() == 25);
    const std::size_t most = GENERATE(1U, 7U, 25U, 26U);
    std::vector<std::uint64_t> ids;
    for (std::uint64_t after = 0;;) {
        const auto page = table.list(after, most);
        CHECK(page.size() <= most);
        if (page.empty()) {
            break;
        }
        for (const auto& task : page) {
            ids.push_back(task.id);
        }
        after = ids.back();
    }
    CHECK(table.list(0, 0).empty());
    REQUIRE(ids.size() == whole.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        CHECK(ids[i] == whole[i].id);
    }
    std::multiset<std::uint64_t> visited;
    table.visit([&](const task_info& task) { visited.insert(task.id); });
    CHECK(std::vector(visited.begin(), visited.end()) == ids);
}

TEST_CASE("task_table: names are cut at a UTF-8 character boundary") {
    const std::string filler(61, 'x');
    const auto [name, kept] = GENERATE_COPY(table<std::string, std::size_t>({
        {filler + "abc", 64},
        {filler + "abcd", 64},
        {filler + "a\u00e9", 64},                  // e acute, 2 bytes, fits
        {filler + "ab\u00e9", 63},                 // does not
        {filler + "\u20ac", 64},                   // euro sign, 3 bytes
        {filler + "a\u20ac", 62},                  //
        {filler + "ab\u20ac", 63},                 //
        {filler + "\U0001f40c", 61},               // snail, 4 bytes
        {filler + "ab\U0001f40c", 63},             //
        {filler + "\x80\x80\x80\x80\x80\x80", 64}, // no UTF-8
    }));
    task_table table;
    static_cast<void>(table.add(called(name)));
    CHECK(table.list().at(0).name == name.substr(0, kept));
}

TEST_CASE("cut: ends where a character ends, whatever the capacity") {
    constexpr std::string_view text = "a\u00e9\u20ac\U0001f40c!";
    constexpr std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (std::size_t capacity = 0; capacity < std::size(expected); ++capacity) {
        CAPTURE(capacity);
        CHECK(loopmon::base::cut(text, capacity).size() == expected[capacity]);
    }
}

TEST_CASE("task_table: many threads add and remove while another lists whole tasks") {
    task_table table;
    constexpr int lists = 3'000;
    constexpr std::size_t held = 40; // with 3 threads, four blocks
    constexpr auto length = atomic_text::capacity;
    std::atomic<bool> done{false};
    const auto churn = [&table, &done](char name) {
        // Name, line and age of a task go together, so a torn copy shows.
        const loopmon::source_location where("churn.cpp", static_cast<unsigned>(name), "");
        const std::chrono::steady_clock::time_point began{std::chrono::seconds(name)};
        std::vector<task_handle> tasks;
        for (std::size_t i = 0; !done; ++i) {
            while (tasks.size() < held) {
                tasks.push_back(
                    table.add({.name = std::string(length, name), .where = where, .began = began}));
            }
            for (; tasks.size() > i % held; tasks.pop_back()) {
                table.remove(tasks.back());
            }
        }
        for (const auto task : tasks) {
            table.remove(task);
        }
    };
    const auto torn = [](const task_info& task) {
        const char name = task.name.empty() ? '?' : task.name[0];
        return task.name != std::string(length, name) || task.line != static_cast<unsigned>(name) ||
               task.began.time_since_epoch() != std::chrono::seconds(name);
    };
    const auto is_constant = [](const task_info& task) { return task.name == "stays"; };
    const auto older = [](const task_info& a, const task_info& b) { return a.id < b.id; };

    const auto stays = table.add(called("stays"));
    std::vector<std::thread> threads(3);
    std::generate(threads.begin(), threads.end(),
                  [&churn, name = 'a']() mutable { return std::thread(churn, name++); });
    int wrong = 0;
    for (int i = 0; i < lists; ++i) {
        auto tasks = table.list();
        wrong += !std::is_sorted(tasks.begin(), tasks.end(), older);
        const auto others = std::remove_if(tasks.begin(), tasks.end(), is_constant);
        wrong += tasks.end() - others != 1;
        wrong += std::any_of(tasks.begin(), others, torn);
    }
    done = true;
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(wrong == 0);
    table.remove(stays);
    CHECK(table.active() == 0);
    CHECK(table.list().empty());
}

TEST_CASE("task_table: no slot belongs to two threads at once") {
    // Short stacks of free slots, taken and given back in turns: where a take without the tag goes
    // wrong (ABA).
    task_table table(1);
    constexpr int rounds = 100'000;
    std::array<std::atomic<int>, task_block::size> owners{}; // the only block
    std::atomic<int> shared{0};
    const auto churn = [&table, &owners, &shared] {
        for (int i = 0; i < rounds; ++i) {
            std::array<task_handle, 3> mine{};
            for (auto& task : mine) {
                task = table.add(called(""));
                if (task != 0) {
                    shared += owners[slot_of(task) % task_block::size].fetch_add(1) != 0;
                }
            }
            for (const auto task : mine) {
                if (task != 0) {
                    owners[slot_of(task) % task_block::size].fetch_sub(1);
                }
                table.remove(task);
            }
        }
    };
    std::array<std::thread, 3> threads;
    for (auto& thread : threads) {
        thread = std::thread(churn);
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(shared == 0);
    CHECK(table.active() == 0);
    CHECK(table.list().empty());
}
