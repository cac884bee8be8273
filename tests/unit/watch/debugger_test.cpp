// SPDX-License-Identifier: MIT
#include "proc/debugger_look.hpp"

#include "unit/watch/scene.hpp"

#include <csignal>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr auto never = model::time_point::max();
using waits = std::vector<std::chrono::microseconds>;

} // namespace

TEST_CASE("debugger: one that has let the process run is seen within a second, and its end",
          "[watch]") {
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        while (true) {
            ::pause();
        }
    }
    loopmon::proc::debugger_look look("/proc/" + std::to_string(child) + "/status");
    CHECK_FALSE(look.attached(start));
    CHECK(::ptrace(PTRACE_SEIZE, child, nullptr, nullptr) == 0);
    CHECK_FALSE(look.attached(start + 999ms)); // not looked at more often
    CHECK(look.attached(start + 1s));
    CHECK(::ptrace(PTRACE_INTERRUPT, child, nullptr, nullptr) == 0);
    CHECK(::waitpid(child, nullptr, __WALL) == child);
    CHECK(::ptrace(PTRACE_DETACH, child, nullptr, nullptr) == 0);
    CHECK(look.attached(start + 1999ms));
    CHECK_FALSE(look.attached(start + 2s));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST_CASE("debugger: without /proc none is seen", "[watch]") {
    CHECK_FALSE(loopmon::proc::debugger_look("/proc/self/no such file").attached(start));
}

TEST_CASE("debugger: what it stops for minutes is not ended, and a hang after it is", "[watch]") {
    scene s;
    s.play(start + 5s);
    CHECK(s.notifier.waits.empty());
    s.watcher.debugged(true);
    s.play(start + 6500ms);
    CHECK(s.notifier.waits == waits{1h}); // within a second: the stop may come

    const auto goes_on = start + 10min;
    s.play(goes_on + 10s, never, never, start + 7s, goes_on);
    CHECK(s.sink.all<model::paused>().size() == 1);
    CHECK(s.sink.all<model::stall>().empty());
    CHECK(s.notifier.waits == waits{1h});

    s.watcher.debugged(false);
    s.play(goes_on + 12s);
    CHECK(s.notifier.waits == waits{1h, 10s});
    s.finder.finds.cause = model::cause::blocked;
    s.play(goes_on + 20s, goes_on + 12s);
    CHECK(s.notifier.said.back() == "trigger");
}

TEST_CASE("debugger: a trip beside it reaches the service manager after its period is back",
          "[watch]") {
    scene s; // strace -p of a thread that runs no loop, say
    s.watcher.debugged(true);
    s.finder.finds.cause = model::cause::blocked;
    s.play(start + 20s, start + 5s);
    CHECK(s.notifier.waits == waits{1h, 10s});
    REQUIRE(s.notifier.said.size() >= 2);
    CHECK(s.notifier.said.back() == "trigger"); // later, it would arm the watchdog of the end
    CHECK(s.notifier.said[s.notifier.said.size() - 2] == "wait");
}
