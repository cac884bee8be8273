// SPDX-License-Identifier: MIT
// The signal belongs to the program first: conflicts, threads that do not take it, late arrival.
#include "proc/thread_signals.hpp"
#include "stack/capture/stack_catcher.hpp"
#include "stack/capture/stack_request.hpp"

#include "support/catch.hpp"
#include "support/stuck_thread.hpp"
#include "unit/stack/captures.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <deque>
#include <memory>
#include <sched.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace loopmon::stack;
using namespace loopmon::test;

namespace {

const int own_signal = stack_catcher::default_signal();

void block(int how) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, own_signal);
    pthread_sigmask(how, &one, nullptr);
}

[[gnu::noinline]] void spin(const std::atomic<bool>& stop) {
    while (!stop) {
        breathe();
    }
}

/// Spins with the signal open or blocked, as it is asked.
struct moody_thread {
    std::atomic<bool> to_be_deaf{false};
    std::atomic<bool> is_deaf{true};
    stuck_thread thread{[this](const auto& stop) {
        while (!stop) {
            const bool deaf = to_be_deaf;
            block(deaf ? SIG_BLOCK : SIG_UNBLOCK);
            is_deaf = deaf;
            while (to_be_deaf == deaf && !stop) {
                breathe();
            }
        }
    }};

    moody_thread() { listen(); }
    moody_thread(const moody_thread&) = delete;
    moody_thread& operator=(const moody_thread&) = delete;

    void listen() { be(false); }
    void block_signal() { be(true); }
    void be(bool deaf) {
        to_be_deaf = deaf;
        while (is_deaf != deaf) {
            std::this_thread::yield();
        }
    }
};

/// The thread blocks the signal between the catcher's look and its signal.
captured_stack capture_too_late(stack_catcher& catcher, moody_thread& turning) {
    const auto tid = turning.thread.tid();
    const auto block = [&turning] {
        turning.block_signal();
        return true;
    };
    const seen_awake always_awake{{}, loopmon::proc::look_at_signal(tid, own_signal).sleeps};
    return catcher.capture(tid, block, always_awake);
}

bool all_idle() {
    return std::all_of(stack_requests.begin(), stack_requests.end(), [](const auto& request) {
        return request.state() == stack_request::phase::idle;
    });
}

const std::string blocks = "no stack: the thread blocks signal " + std::to_string(own_signal);

int programs_own = 0;
void programs_handler(int /*signal*/) {
    ++programs_own;
}

struct sigaction handler_of(int signal) {
    struct sigaction now = {};
    REQUIRE(sigaction(signal, nullptr, &now) == 0);
    return now;
}

void set_handler(int signal, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    REQUIRE(sigaction(signal, &action, nullptr) == 0);
}

} // namespace

TEST_CASE("stack_signal: a signal that the program uses is left to it") {
    set_handler(own_signal, programs_handler);
    {
        stuck_thread spinner(spin);
        stack_catcher catcher;
        CHECK(catcher.problem() ==
              "signal " + std::to_string(own_signal) + " is in use by the program");
        const auto stack = catcher.capture(spinner.tid(), always);
        CHECK(stack.remark == "no stack: " + catcher.problem());
        CHECK(stack.frames.empty());
    }
    CHECK(handler_of(own_signal).sa_handler == programs_handler);
    CHECK(programs_own == 0);
    raise(own_signal);
    CHECK(programs_own == 1);
    set_handler(own_signal, SIG_DFL);
}

TEST_CASE("stack_signal: a handler that replaced ours later is neither called nor removed") {
    programs_own = 0;
    {
        stuck_thread spinner(spin);
        stack_catcher catcher;
        CHECK(capture_with_remark(catcher, spinner.tid(), "").remark.empty());
        set_handler(own_signal, programs_handler);
        CHECK(catcher.capture(spinner.tid(), always).remark ==
              "no stack: signal " + std::to_string(own_signal) + " is now in use by the program");
    }
    CHECK(programs_own == 0);
    CHECK(handler_of(own_signal).sa_handler == programs_handler);
    set_handler(own_signal, SIG_DFL);
}

TEST_CASE("stack_signal: what was there before comes back") {
    for (auto* before : {SIG_IGN, SIG_DFL}) {
        set_handler(own_signal, before);
        {
            stack_catcher first;
            stack_catcher second;
            CHECK(first.problem().empty());
            CHECK(second.problem().empty());
        }
        CHECK(handler_of(own_signal).sa_handler == before);
    }
}

TEST_CASE("stack_signal: two catchers share the signal, the last one gives it back") {
    stuck_thread spinner(spin);
    stack_catcher second;
    {
        stack_catcher first;
        CHECK(capture_with_remark(first, spinner.tid(), "").remark.empty());
    }
    CHECK(capture_with_remark(second, spinner.tid(), "").remark.empty());
}

TEST_CASE("stack_signal: only real-time signals will do") {
    CHECK(stack_catcher(SIGUSR1).problem() ==
          "signal " + std::to_string(SIGUSR1) + " is not a real-time signal");
    CHECK(stack_catcher(SIGRTMAX + 1).problem() ==
          "signal " + std::to_string(SIGRTMAX + 1) + " is not a real-time signal");
    CHECK(stack_catcher(SIGRTMIN).problem().empty());
    CHECK(stack_catcher(SIGRTMAX).problem().empty());
}

TEST_CASE("stack_signal: a signal that others send is ignored") {
    stack_catcher catcher;
    raise(own_signal);
    CHECK(all_idle());
    for (int value = 0; value < 64; ++value) {
        CHECK(sigqueue(getpid(), own_signal, {.sival_int = value}) == 0);
    }
    stuck_thread spinner(spin);
    CHECK(capture_with_remark(catcher, spinner.tid(), "").remark.empty());
}

TEST_CASE(
    "stack_signal: a thread that blocks the signal is sent none, and caught when it does not") {
    moody_thread blocked;
    blocked.block_signal();
    stack_catcher catcher;
    const auto tid = blocked.thread.tid();
    for (int i = 0; i < 2; ++i) {
        const auto stack = catcher.capture(tid, always);
        CHECK(stack.remark == blocks);
        CHECK(stack.frames.empty());
        CHECK_FALSE(loopmon::proc::look_at_signal(tid, own_signal).pending);
        CHECK(all_idle());
    }
    int asked = 0;
    CHECK(catcher.capture(tid, [&asked] { return ++asked > 1; }).stale);
    blocked.listen();
    CHECK(capture_with_remark(catcher, tid, "").remark.empty());
}

TEST_CASE("stack_signal: any number of threads that block the signal leave stacks to the others") {
    std::deque<moody_thread> blocked(stack_request::pool_size + 1);
    stuck_thread spinner(spin);
    stack_catcher catcher;
    for (auto& one : blocked) {
        one.block_signal();
        CHECK(catcher.capture(one.thread.tid(), always).remark == blocks);
    }
    CHECK(capture_with_remark(catcher, spinner.tid(), "").remark.empty());
}

TEST_CASE("stack_signal: a thread that blocks the signal too late is given up, and caught again") {
    moody_thread blocked;
    stack_catcher catcher;
    const auto tid = blocked.thread.tid();
    const auto stack = capture_too_late(catcher, blocked);
    CHECK(stack.remark == blocks);
    CHECK(stack.frames.empty());
    CHECK(catcher.capture(tid, always).remark ==
          "no stack: the thread has not yet taken the previous signal");
    CHECK(loopmon::proc::look_at_signal(tid, own_signal).pending);
    blocked.listen();
    CHECK(capture_with_remark(catcher, tid, "").remark.empty());
}

TEST_CASE("stack_signal: a thread that does not take the signal does not hold up others") {
    std::deque<moody_thread> blocked(stack_request::pool_size);
    stuck_thread spinner(spin);
    stack_catcher catcher;
    for (auto& one : blocked) {
        CHECK(capture_with_remark(catcher, spinner.tid(), "").remark.empty());
        CHECK(capture_too_late(catcher, one).remark == blocks);
    }
    const std::string too_many = "no stack: too many threads have not taken the signal";
    CHECK(capture_with_remark(catcher, spinner.tid(), too_many).remark == too_many);
    blocked.front().listen();
    CHECK(capture_with_remark(catcher, spinner.tid(), "").remark.empty());
}

TEST_CASE("stack_signal: a thread that ends with the signal pending frees its request") {
    stack_catcher catcher;
    for (std::uint32_t i = 0; i < 2 * stack_request::pool_size; ++i) {
        moody_thread deaf_to_the_end;
        CHECK(capture_too_late(catcher, deaf_to_the_end).remark == blocks);
    }
}

TEST_CASE("stack_signal: one that is still pending when the catcher ends does no harm") {
    moody_thread blocked;
    {
        stack_catcher catcher;
        CHECK(capture_too_late(catcher, blocked).remark == blocks);
        CHECK(loopmon::proc::look_at_signal(blocked.thread.tid(), own_signal).pending);
    }
    CHECK_FALSE(loopmon::proc::look_at_signal(blocked.thread.tid(), own_signal).pending);
    CHECK(handler_of(own_signal).sa_handler == SIG_DFL);
    blocked.listen(); // by default the signal would end the process here
}

// A child that shares memory is more than thread sanitizer can follow.
#if !defined(SIGNALS_ARE_LATE)

namespace {

/// In uninterruptible sleep, as on a dead disk: the parent of a vfork() waits like that until the
/// child, which shares its memory, is gone.
struct unkillable_thread {
    std::array<int, 2> ends{};
    std::vector<char> child_stack = std::vector<char>(65536);
    std::unique_ptr<stuck_thread> thread;

    unkillable_thread() {
        REQUIRE(pipe(ends.data()) == 0);
        thread = std::make_unique<stuck_thread>([this](const auto& stop) {
            const auto child = clone(wait_for_end, &child_stack.back() - 15,
                                     CLONE_VM | CLONE_VFORK | SIGCHLD, this);
            spin(stop);
            waitpid(child, nullptr, 0);
        });
    }
    ~unkillable_thread() {
        release();
        thread->finish();
        close(ends[0]);
    }
    unkillable_thread(const unkillable_thread&) = delete;
    unkillable_thread& operator=(const unkillable_thread&) = delete;

    void release() {
        if (ends[1] >= 0) {
            (void)!write(ends[1], "x", 1);
            close(ends[1]);
            ends[1] = -1;
        }
    }
    static int wait_for_end(void* self) {
        char byte = 0;
        (void)!read(static_cast<unkillable_thread*>(self)->ends[0], &byte, 1);
        return 0;
    }
};

} // namespace

TEST_CASE("stack_signal: a thread in uninterruptible sleep is read, without a signal") {
    unkillable_thread disk_wait;
    stack_catcher catcher;
    const auto tid = disk_wait.thread->tid();
    const auto stack = capture_in(catcher, tid, &clone);
    CHECK(shows(stack, &clone));
    CHECK(stack.remark.empty());
    CHECK_FALSE(loopmon::proc::look_at_signal(tid, own_signal).pending);
    disk_wait.release();
    CHECK(shows(capture_in(catcher, tid, &spin), &spin));
}

#endif
