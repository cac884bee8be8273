// SPDX-License-Identifier: MIT
//
// The words of stalls and trips, in full: they are what an operator has.
#include "report/lag_message.hpp"

#include "model/bounds.hpp"
#include "support/catch.hpp"

#include <cstddef>

using namespace std::chrono_literals;
using namespace loopmon::report;
namespace model = loopmon::model;
using model::cause;
using strings = std::vector<std::string>;

namespace {

model::stall stall_of(cause why, model::culprit who = {}) {
    return {.loop = "main",
            .severity = model::level::stalled,
            .lag = 512ms,
            .threshold = 500ms,
            .cause = why,
            .active_tasks = 3,
            .culprit = std::move(who)};
}

model::culprit probe() {
    return {.handler = "socket.async_receive",
            .task = "probe:bluez",
            .spawned = "probe.cpp:88",
            .syscall = "openat",
            .pending = 17,
            .has_pending = true};
}

} // namespace

TEST_CASE("lag_message: a stall whose culprit is known", "[report]") {
    CHECK(lag_message(stall_of(cause::blocked, probe())) ==
          "loop main blocked for 512ms (critical 500ms) in task \"probe:bluez\" "
          "(socket.async_receive, spawned probe.cpp:88): cause blocked in openat; 3 active tasks, "
          "17 pending");
}

TEST_CASE("lag_message: what is not known is not said", "[report]") {
    const std::string head = "loop main blocked for 512ms (critical 500ms)";
    const std::string tail = "; 3 active tasks";
    CHECK(lag_message(stall_of(cause::unknown)) == head + tail);
    CHECK(lag_message(stall_of(cause::none)) == head + tail);
    CHECK(lag_message(stall_of(cause::unknown, {.handler = "timer.async_wait"})) ==
          head + " in handler timer.async_wait" + tail);
    CHECK(lag_message(stall_of(cause::unknown, {.task = "t"})) == head + " in task \"t\"" + tail);
    CHECK(lag_message(stall_of(cause::unknown, {.task = "t", .spawned = "a.cpp:1"})) ==
          head + " in task \"t\" (spawned a.cpp:1)" + tail);
    CHECK(lag_message(stall_of(cause::unknown, {.handler = "h", .task = "t"})) ==
          head + " in task \"t\" (h)" + tail);
    CHECK(lag_message(stall_of(cause::unknown, {.pending = 17})) == head + tail);
    CHECK(lag_message(stall_of(cause::unknown, {.has_pending = true})) ==
          head + tail + ", 0 pending");
}

TEST_CASE("lag_message: each cause in its words", "[report]") {
    const auto text = [](cause why, model::culprit who = {}) {
        const auto all = lag_message(stall_of(why, std::move(who)));
        const auto begin = all.find(": cause ");
        return begin == all.npos ? "" : all.substr(begin + 8, all.find(';') - begin - 8);
    };
    CHECK(text(cause::none).empty());
    CHECK(text(cause::unknown).empty());
    CHECK(text(cause::cpu, {.syscall = "read"}) == "cpu");
    CHECK(text(cause::blocked) == "blocked");
    CHECK(text(cause::blocked, {.waiting_in = "futex_wait"}) == "blocked in futex_wait");
    CHECK(text(cause::blocked, {.syscall = "futex", .waiting_in = "futex_wait"}) ==
          "blocked in futex");
    CHECK(text(cause::io) == "io");
    CHECK(text(cause::io, {.syscall = "fsync"}) == "io in fsync");
    CHECK(text(cause::congestion) == "congestion (many short handlers)");
    CHECK(
        text(cause::congestion, {.syscall = "poll", .handlers = 30, .cpu_percent = 3}) ==
        "congestion (30 handlers in the turn, 3% of the time on a CPU, otherwise asleep in poll)");
    CHECK(text(cause::congestion, {.handlers = 12, .cpu_percent = 49}) ==
          "congestion (12 handlers in the turn, 49% of the time on a CPU, otherwise asleep)");
    CHECK(text(cause::congestion, {.syscall = "poll", .handlers = 1200, .cpu_percent = 97}) ==
          "congestion (1200 handlers in the turn, 97% of the time on a CPU)");
    CHECK(text(cause::starved) == "starved (the machine is short of CPU)");
    CHECK(text(cause::starved, {.machine = "cpu pressure 37%, ran late 4ms"}) ==
          "starved (cpu pressure 37%, ran late 4ms)");
    CHECK(text(cause::paused) == "paused");
    CHECK(text(cause::traced) == "traced (a debugger is attached)");
}

TEST_CASE("lag_message: a handler that runs while others are to blame is not accused", "[report]") {
    for (const auto why : {cause::congestion, cause::starved}) {
        CHECK_THAT(lag_message(stall_of(why, {.task = "t"})),
                   Catch::ContainsSubstring(
                       "loop main is late by 512ms (critical 500ms) while in task \"t\": cause"));
    }
}

TEST_CASE("lag_message: a stall that is over was late, at warn as at critical", "[report]") {
    auto past = stall_of(cause::blocked, probe());
    past.ongoing = false;
    past.severity = model::level::degraded;
    past.threshold = 100ms;
    CHECK(lag_message(past) ==
          "loop main was late by 512ms (warn 100ms) in task \"probe:bluez\" (socket.async_receive, "
          "spawned probe.cpp:88): cause blocked in openat; 3 active tasks, 17 pending");
}

TEST_CASE("lag_message: a trip says the same, and its consequence", "[report]") {
    CHECK(lag_message(model::trip{.loop = "main",
                                  .lag = 5s,
                                  .threshold = 5s,
                                  .cause = cause::blocked,
                                  .active_tasks = 1,
                                  .culprit = probe()}) ==
          "loop main lag 5s (watchdog limit 5s) in task \"probe:bluez\" (socket.async_receive, "
          "spawned probe.cpp:88): cause blocked in openat; 1 active task, 17 pending; giving up: "
          "watchdog trip");
}

TEST_CASE("shown_frames: the innermost, and the next two of the program itself", "[report]") {
    CHECK(shown_frames({}).empty());
    CHECK(shown_frames(strings{
              "clock_nanosleep (libc.so.6+0xd6ea5, build-id 1a2b)",
              "nanosleep (libc.so.6+0xdb577, build-id 1a2b)",
              "std::this_thread::sleep_for(...) at this_thread_sleep.h:80 [inlined]",
              "libstdc++.so.6+0x9d2ad (build-id 5e6f)",
              "[12 frames of boost::asio]",
              "read_config(char const*) at config.cpp:88 (loopmond+0x1f2a3, ...)",
              "main at main.cpp:12 (loopmond+0x1f300, build-id 3c4d)",
          }) == "  #0 clock_nanosleep (libc.so.6+0xd6ea5, build-id 1a2b)\n"
                "  #4 read_config(char const*) at config.cpp:88 (loopmond+0x1f2a3, ...)\n"
                "  #5 main at main.cpp:12 (loopmond+0x1f300, build-id 3c4d)");
}

TEST_CASE("shown_frames: a remark on the stack is shown, alone too", "[report]") {
    CHECK(shown_frames({"[stale: the handler ended meanwhile]", "f (a+0x1)"}) ==
          "  [stale: the handler ended meanwhile]\n  #0 f (a+0x1)");
    CHECK(shown_frames({"[no stack: the thread did not take the signal]"}) ==
          "  [no stack: the thread did not take the signal]");
}

TEST_CASE("whole_stack: all frames, and not more than a journal takes", "[report]") {
    CHECK(whole_stack({}).empty());
    CHECK(whole_stack(strings{"a", "b"}) == "a\nb");
    const strings huge(1000, std::string(10'000, 'x'));
    CHECK(whole_stack(bounded_lines(huge)).size() <= std::size_t{16} * 1024);
}
