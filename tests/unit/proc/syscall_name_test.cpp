// SPDX-License-Identifier: MIT
#include "proc/syscall_name.hpp"

#include "support/catch.hpp"
#include "support/stuck_thread.hpp"

#include <array>
#include <csignal>
#include <string>
#include <thread>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using loopmon::proc::blocked_call;
using loopmon::proc::syscall_name;
using loopmon::proc::syscall_text;
using loopmon::proc::thread_reader;
using loopmon::proc::thread_snapshot;

namespace {

std::string text_of(long number, unsigned long first = 0) {
    thread_snapshot seen;
    seen.call = blocked_call{number, first};
    return syscall_text(seen);
}

} // namespace

TEST_CASE("syscall_name: knows the calls of the target", "[watch]") {
    CHECK(syscall_name(SYS_read) == "read");
    CHECK(syscall_name(SYS_openat) == "openat");
    CHECK(syscall_name(SYS_futex) == "futex");
    CHECK(syscall_name(SYS_clock_nanosleep) == "clock_nanosleep");
}

TEST_CASE("syscall_name: a number without a name is shown as a number", "[watch]") {
    CHECK(syscall_name(999'999).empty());
    CHECK(syscall_name(-1).empty());
    CHECK(text_of(999'999) == "syscall 999999");
}

TEST_CASE("syscall_text: says what a call waits on", "[watch]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    CHECK_THAT(text_of(SYS_read, static_cast<unsigned long>(ends[0])),
               Catch::ContainsSubstring("read on pipe:["));
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(text_of(SYS_read, static_cast<unsigned long>(ends[0])) ==
          "read on descriptor " + std::to_string(ends[0]));
}

TEST_CASE("syscall_text: only an argument that is a descriptor is taken for one", "[watch]") {
    CHECK(text_of(SYS_futex, 1) == "futex");
    CHECK(text_of(SYS_openat, 1) == "openat");
}

TEST_CASE("syscall_text: nothing for a thread that is in no call", "[watch]") {
    thread_snapshot seen;
    CHECK(syscall_text(seen).empty());
    seen.faulting = true;
    CHECK(syscall_text(seen) == "page fault");
}

TEST_CASE("syscall_text: a restarted call is named as what it was", "[watch]") {
    thread_snapshot seen;
    seen.call = blocked_call{SYS_restart_syscall, 7};
    CHECK(syscall_text(seen) == "a restarted call (nanosleep, poll or futex)");
    for (const auto* const wchan : {"hrtimer_nanosleep", "do_nanosleep"}) {
        seen.wchan = wchan;
        CHECK(syscall_text(seen) == "nanosleep");
    }
    seen.wchan = "poll_schedule_timeout.constprop.0";
    CHECK(syscall_text(seen) == "poll");
    seen.wchan = "futex_wait_queue";
    CHECK(syscall_text(seen) == "futex");
    thread_snapshot before;
    before.call = blocked_call{SYS_clock_nanosleep, 7};
    CHECK(syscall_text(seen, &before) == "clock_nanosleep");
    before.call->first = 8; // another one
    CHECK(syscall_text(seen, &before) == "futex");
    before.call = blocked_call{SYS_epoll_pwait, 7}; // never restarted
    CHECK(syscall_text(seen, &before) == "futex");
    before.call = blocked_call{SYS_restart_syscall, 7};
    CHECK(syscall_text(seen, &before) == "futex");
}

namespace {

/// Looks at a thread of its own in poll() before its process is stopped and after; exits with 0 if
/// it says the same.
[[noreturn]] void poll_through_a_stop(int ask, int answer) {
    std::array<int, 2> silent{};
    (void)!::pipe(silent.data());
    loopmon::test::stuck_thread waiting([&](const auto&) {
        pollfd one{silent[0], POLLIN, 0};
        (void)::poll(&one, 1, 600'000);
    });
    thread_reader probe(waiting.tid());
    auto before = probe.sample();
    while (!before.call || !syscall_name(before.call->number).ends_with("poll")) {
        std::this_thread::yield();
        before = probe.sample();
    }
    (void)!::write(answer, "x", 1);
    char stopped = 0;
    (void)!::read(ask, &stopped, 1);
    auto after = probe.sample();
    while (!after.call) {
        std::this_thread::yield();
        after = probe.sample();
    }
    ::_exit(syscall_text(before) == syscall_text(after, &before) ? 0 : 1);
}

} // namespace

TEST_CASE("syscall_text: poll is poll after a stop as before it", "[watch]") {
    std::array<int, 2> ask{};
    std::array<int, 2> answer{};
    REQUIRE(::pipe(ask.data()) == 0);
    REQUIRE(::pipe(answer.data()) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        poll_through_a_stop(ask[0], answer[1]);
    }
    char ready = 0;
    CHECK(::read(answer[0], &ready, 1) == 1);
    int status = 0;
    CHECK(::kill(child, SIGSTOP) == 0);
    CHECK(::waitpid(child, &status, WUNTRACED) == child);
    CHECK(::kill(child, SIGCONT) == 0);
    CHECK(::write(ask[1], "x", 1) == 1);
    CHECK(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    for (const int fd : {ask[0], ask[1], answer[0], answer[1]}) {
        ::close(fd);
    }
}
