// SPDX-License-Identifier: MIT
#include "monitored_loop.hpp"

#include "support/catch.hpp"
#include "support/notify_socket.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace loopmon::test;

namespace {

/// @return whether it was said, whatever else was said before
bool hears(notify_socket& manager, const std::string& wanted) {
    const auto end = std::chrono::steady_clock::now() + 30s; // pings come all the time
    while (std::chrono::steady_clock::now() < end) {
        const auto next = manager.receive(1s);
        if (next && next->find(wanted) != std::string::npos) {
            return true;
        }
    }
    return false;
}

} // namespace

TEST_CASE("monitor: the service manager waits for a debugger, and as before when it is gone") {
    notify_socket manager;
    ::setenv("WATCHDOG_USEC", "300000", 1);
    ::unsetenv("WATCHDOG_PID");
    const auto child = ::fork();
    if (child == 0) {
        running_loop loop;
        loopmon::monitor monitor;
        const auto watched = monitor.watch(loop.io, quick());
        while (true) {
            ::pause();
        }
    }
    ::unsetenv("WATCHDOG_USEC");
    CHECK(hears(manager, "READY=1"));
    CHECK(::ptrace(PTRACE_SEIZE, child, nullptr, nullptr) == 0);
    CHECK(hears(manager, "WATCHDOG_USEC=3600000000"));
    CHECK(::ptrace(PTRACE_INTERRUPT, child, nullptr, nullptr) == 0);
    CHECK(::waitpid(child, nullptr, __WALL) == child);
    CHECK(::ptrace(PTRACE_DETACH, child, nullptr, nullptr) == 0);
    CHECK(hears(manager, "WATCHDOG_USEC=300000"));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}
