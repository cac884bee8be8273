// SPDX-License-Identifier: MIT
// The stack of a thread that sleeps in a call is taken while it sleeps there, and the program sees
// nothing of it. Of all calls that a signal would end early, which are those that signal(7) lists
// as never restarted; and of the ways to sleep that no signal reaches.
#include "stack/capture/stack_catcher.hpp"
#include "stack/capture/unwind_table.hpp"
#include "stack/loaded_image.hpp"
#include "stack/symbol/source_lookup.hpp"
#include "stack/symbol/symboliser.hpp"

#include "support/catch.hpp"
#include "support/skip.hpp"
#include "support/stuck_thread.hpp"
#include "support/temporary_directory.hpp"
#include "unit/stack/blocked_calls.hpp"
#include "unit/stack/captures.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace loopmon::stack;
using namespace loopmon::test;

namespace {

volatile sig_atomic_t arrived = 0;

/// A sanitizer wraps some calls in functions whose frames hang on registers that only the thread
/// has: a stack ends there, and says so.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool calls_are_wrapped = true;
#else
constexpr bool calls_are_wrapped = false;
#endif

/// Whether a frame lies in the function, by the unwind table.
template <class Function>
bool names(const captured_stack& stack, Function* function) {
    if (calls_are_wrapped && !stack.frames.empty() && !stack.ends.empty()) {
        return true;
    }
    const self_memory memory;
    return std::any_of(stack.frames.begin(), stack.frames.end(), [&](std::uintptr_t frame) {
        const auto image = find_loaded_image(frame);
        const auto entry = image ? find_unwind_entry(memory, *image, frame) : std::nullopt;
        return entry && entry->begin == reinterpret_cast<std::uintptr_t>(function);
    });
}

/// Some times more than once, so that one harmful capture in many shows as well.
captured_stack capture_often(stack_catcher& catcher, pid_t tid, outcome (*where)(in)) {
    for (int i = 0; i < 20; ++i) {
        (void)catcher.capture(tid, always);
    }
    return capture_until(catcher, tid, [where](const auto& seen) {
        return seen.remark.empty() && names(seen, where);
    });
}

} // namespace

TEST_CASE("stack_sleeper: a call that a signal would end goes on until its time is up") {
    surroundings with;
    stack_catcher catcher;
    for (const auto& call : timed_calls) {
        INFO(call.name);
        std::atomic<int> runs{0};
        std::atomic<int> otherwise{0};
        std::atomic<int> error{0};
        stuck_thread sleeper([&](const auto& stop) {
            while (!stop) {
                if (const auto is = call.run(with); is != call.expected) {
                    error = is.error;
                    ++otherwise;
                }
                ++runs;
            }
        });
        const auto stack = capture_often(catcher, sleeper.tid(), call.run);
        sleeper.finish();
        CHECK(names(stack, call.run));
        CHECK(stack.remark.empty());
        CHECK(runs > 0);
        CHECK(otherwise == 0);
        CHECK(error == 0);
    }
}

TEST_CASE("stack_sleeper: a call without a timeout goes on until what it waits for is there") {
    struct sigaction own = {};
    own.sa_handler = [](int) { arrived = 1; };
    struct sigaction before = {};
    REQUIRE(sigaction(signal_of_program, &own, &before) == 0);
    surroundings with;
    stack_catcher catcher;
    for (const auto& call : endless_calls) {
        INFO(call.name);
        outcome is;
        std::atomic<pthread_t> thread{};
        std::atomic<bool> over{false};
        stuck_thread sleeper([&](const auto& /*stop*/) {
            sigset_t set = {};
            sigaddset(&set, signal_of_program);
            pthread_sigmask(call.run == in_pause ? SIG_UNBLOCK : SIG_BLOCK, &set, nullptr);
            thread = pthread_self();
            is = call.run(with);
            over = true;
        });
        const auto stack = capture_often(catcher, sleeper.tid(), call.run);
        CHECK_FALSE(over);
        call.end(with, thread);
        sleeper.finish();
        CHECK(names(stack, call.run));
        CHECK(is.result == call.expected.result);
        CHECK(is.error == call.expected.error);
    }
    CHECK(arrived == 1);
    sigaction(signal_of_program, &before, nullptr);
}

TEST_CASE("stack_sleeper: a thread that blocks every signal is read anyway") {
    surroundings with;
    stack_catcher catcher;
    stuck_thread deaf([&](const auto& /*stop*/) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        (void)in_read_of_a_pipe(with);
    });
    const auto stack = capture_until(
        catcher, deaf.tid(), [](const auto& seen) { return names(seen, in_read_of_a_pipe); });
    CHECK(names(stack, in_read_of_a_pipe));
    CHECK(stack.remark.empty());
    write_a_byte(with, {});
}

TEST_CASE("stack_sleeper: without a signal to be had, sleepers have a stack") {
    surroundings with;
    stack_catcher catcher(SIGUSR1); // not a real-time signal
    REQUIRE_FALSE(catcher.problem().empty());
    stuck_thread reader([&](const auto& /*stop*/) { (void)in_read_of_a_pipe(with); });
    const auto stack = capture_until(
        catcher, reader.tid(), [](const auto& seen) { return names(seen, in_read_of_a_pipe); });
    CHECK(names(stack, in_read_of_a_pipe));
    write_a_byte(with, {});
}

namespace {

[[gnu::noinline]] outcome in_naps(in with, const std::atomic<int>& ms,
                                  const std::atomic<bool>& stop) {
    outcome worst;
    while (!stop) {
        pollfd one = {with.pipe_ends[0], POLLIN, 0};
        if (const auto result = poll(&one, 1, ms); result != 0) {
            worst = {result, errno};
        }
    }
    return worst;
}

} // namespace

TEST_CASE("stack_sleeper: one that sleeps for short times only is caught asleep, not interrupted") {
    surroundings with;
    stack_catcher catcher;
    outcome worst;
    std::atomic<int> ms{1};
    stuck_thread napping([&](const auto& stop) { worst = in_naps(with, ms, stop); });
    int caught = 0;
    // A look that takes longer than a nap, as on a busy machine, is given longer ones.
    for (; caught == 0 && ms < 5000; ms = ms * 2) {
        for (int i = 0; i < 500; ++i) {
            // Awake a moment ago, and not asleep since: that does not make it one that computes.
            const auto awake = look_whether_awake(napping.tid());
            caught += names(catcher.capture(napping.tid(), always, awake), in_naps) ? 1 : 0;
        }
    }
    napping.finish();
    CHECK(caught > 0);
    CHECK(worst.result == 0);
    CHECK(worst.error == 0);
}

namespace {

constexpr int not_permitted = 77;

/// In a child, which has no other threads: where a program shows a stack after it has gone into an
/// empty root, with no /proc in it. @return 0 if it does
int look_from_an_empty_root(in with, const std::string& root) {
    stack_catcher catcher;
    if (chroot(root.c_str()) != 0 || chdir("/") != 0) {
        return not_permitted;
    }
    stuck_thread reader([&](const auto& /*stop*/) { (void)in_read_of_a_pipe(with); });
    const auto stack = capture_until(
        catcher, reader.tid(), [](const auto& seen) { return names(seen, in_read_of_a_pipe); });
    std::string text;
    for (const auto& line : symboliser(stack).lines(std::chrono::hours(1))) {
        text += line + '\n';
    }
    write_a_byte(with, {});
    const bool named =
        text.find("read (libc.so") != text.npos &&
        (!source_lookup::available() || text.find("in_read_of_a_pipe(") != text.npos);
    if (!named) {
        (void)!write(STDERR_FILENO, text.data(), text.size());
    }
    return names(stack, in_read_of_a_pipe) && named ? 0 : 1;
}

} // namespace

TEST_CASE("stack_sleeper: after chroot, without /proc, stacks have their frames and names") {
    surroundings with;
    const temporary_directory root;
    const auto child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        _exit(look_from_an_empty_root(with, root.path().string()));
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == not_permitted) {
        loopmon::test::skip("chroot is for root");
    } else {
        CHECK(WEXITSTATUS(status) == 0);
    }
}
