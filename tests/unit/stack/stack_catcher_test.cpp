// SPDX-License-Identifier: MIT
#include "stack/capture/stack_catcher.hpp"

#include "support/catch.hpp"
#include "support/stuck_thread.hpp"
#include "unit/stack/captures.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace loopmon::stack;
using namespace loopmon::test;

namespace {

[[gnu::noinline]] void innermost_spin(const std::atomic<bool>& stop) {
    while (!stop) {
        breathe();
    }
    asm volatile("");
}

[[gnu::noinline]] int recursion(int depth, const std::atomic<bool>& stop) {
    int below = 0;
    if (depth > 0) {
        below = recursion(depth - 1, stop);
    } else {
        innermost_spin(stop);
    }
    asm volatile("" : "+r"(below));
    return below + 1;
}

} // namespace

TEST_CASE("stack_catcher: a thread that computes shows where") {
    stuck_thread spinner([](const auto& stop) { innermost_spin(stop); });
    stack_catcher catcher;
    const auto stack = capture_in(catcher, spinner.tid(), &innermost_spin);
    CHECK(shows(stack, &innermost_spin));
    CHECK_FALSE(shows(stack, &on_stack_signal));
}

TEST_CASE("stack_catcher: errno of the interrupted thread is kept") {
    std::atomic<int> changed{0};
    stuck_thread spinner([&](const auto& stop) {
        errno = 4711;
        while (!stop) {
            sched_yield();
            changed += errno != 4711 ? 1 : 0;
        }
    });
    stack_catcher catcher;
    for (int i = 0; i < 100; ++i) {
        CHECK(capture_with_remark(catcher, spinner.tid(), "").remark.empty());
    }
    spinner.finish();
    CHECK(changed == 0);
}

TEST_CASE("stack_catcher: 64 frames are taken, more are said to be there") {
    stuck_thread deep([](const auto& stop) { recursion(200, stop); });
    stack_catcher catcher;
    const auto stack = capture_in(catcher, deep.tid(), &innermost_spin);
    CHECK(stack.frames.size() == 64);
    CHECK(stack.truncated);
}

TEST_CASE("stack_catcher: a handler that ended meanwhile makes the stack stale") {
    stuck_thread spinner([](const auto& stop) { innermost_spin(stop); });
    stack_catcher catcher;
    (void)capture_with_remark(catcher, spinner.tid(), "");
    int asked = 0;
    const auto late = catcher.capture(spinner.tid(), [&asked] { return asked++ == 0; });
    CHECK(late.stale);
    CHECK(late.remark == "stale: the handler ended meanwhile");
    CHECK(asked == 2);
    const auto before = catcher.capture(spinner.tid(), [] { return false; });
    CHECK(before.stale);
    CHECK(before.remark == "stale: the handler ended meanwhile");
    CHECK(before.frames.empty());
}

TEST_CASE("stack_catcher: a thread that is gone is said to be") {
    pid_t tid = 0;
    {
        stuck_thread brief([](const auto&) {});
        tid = brief.tid();
    }
    stack_catcher catcher;
    // join() returns a moment before the kernel forgets the thread.
    const auto stack = capture_with_remark(catcher, tid, "no stack: the thread is gone");
    CHECK(stack.remark == "no stack: the thread is gone");
    CHECK(stack.frames.empty());
}

TEST_CASE("stack_catcher: signal 0 takes no stacks and says nothing") {
    stuck_thread spinner([](const auto& stop) { innermost_spin(stop); });
    stack_catcher catcher(0);
    CHECK(catcher.problem().empty());
    const auto stack = catcher.capture(spinner.tid(), always);
    CHECK(stack.frames.empty());
    CHECK(stack.remark.empty());
}

#if !defined(SIGNALS_ARE_LATE)

namespace {

/// @return whether any read() failed
[[gnu::noinline]] bool innermost_wait(int fd) {
    char byte = 0;
    ssize_t got = 0;
    while ((got = read(fd, &byte, 1)) > 0) {
    }
    asm volatile("");
    return got < 0;
}

} // namespace

TEST_CASE("stack_catcher: a thread in a system call shows who called it, and the call goes on") {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    bool failed = true;
    stuck_thread reader([&](const std::atomic<bool>&) { failed = innermost_wait(ends[0]); });
    stack_catcher catcher;
    REQUIRE(catcher.problem().empty());
    // The first captures find the thread on its way there, the more of them the busier the machine.
    int on_its_way = 0;
    while (on_its_way < 10'000 &&
           !shows(capture_with_remark(catcher, reader.tid(), ""), &innermost_wait)) {
        ++on_its_way;
        std::this_thread::yield();
    }
    for (int i = 0; i < 100; ++i) {
        const auto stack = capture_with_remark(catcher, reader.tid(), "");
        CHECK(stack.remark.empty());
        CHECK_FALSE(stack.stale);
        CHECK_FALSE(stack.truncated);
        CHECK(shows(stack, &innermost_wait));
    }
    close(ends[1]);
    reader.finish();
    close(ends[0]);
    CHECK_FALSE(failed);
}

TEST_CASE("stack_catcher: a small signal stack is not overrun, the innermost frame is had") {
    const auto on_signal_stack = [](std::size_t size) {
        return [size](const auto& stop) {
            std::vector<char> memory(size);
            stack_t alternate = {};
            alternate.ss_sp = memory.data();
            alternate.ss_size = memory.size();
            // The C library may want more than it takes; the kernel knows.
            REQUIRE(syscall(SYS_sigaltstack, &alternate, nullptr) == 0);
            innermost_spin(stop);
            alternate.ss_flags = SS_DISABLE;
            alternate.ss_size = 0;
            (void)syscall(SYS_sigaltstack, &alternate, nullptr);
        };
    };
    stack_catcher catcher;
    {
        stuck_thread small(on_signal_stack(std::size_t{12} * 1024));
        const auto stack =
            capture_with_remark(catcher, small.tid(),
                                "innermost frame only: the signal stack is too small to unwind on");
        CHECK(stack.frames.size() == 1);
    }
    {
        stuck_thread large(on_signal_stack(std::size_t{256} * 1024));
        const auto stack = capture_in(catcher, large.tid(), &innermost_spin);
        CHECK(shows(stack, &innermost_spin));
    }
}

#endif
