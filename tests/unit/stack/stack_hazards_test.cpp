// SPDX-License-Identifier: MIT
// Unwinding from a signal handler, at the worst moments: while the very thread throws, loads a
// library, or is anywhere in between.
#include "stack/capture/stack_handler.hpp"
#include "stack/capture/unwinder_probe.hpp"

#include "support/catch.hpp"
#include "support/stuck_thread.hpp"
#include "unit/stack/captures.hpp"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <ucontext.h>
#include <vector>

using namespace loopmon::stack;
using namespace loopmon::test;

namespace {

struct cleaned_up {
    std::string text = "a destructor that unwinding has to run";
    ~cleaned_up() { breathe(); }
};

[[gnu::noinline]] int throw_below(int depth) {
    const cleaned_up guard;
    if (depth == 0) {
        throw std::runtime_error(guard.text);
    }
    return throw_below(depth - 1) + 1;
}

[[gnu::noinline]] bool throw_and_catch() {
    try {
        return throw_below(8) == 0;
    } catch (const std::runtime_error& thrown) {
        return std::string(thrown.what()).empty();
    }
}

[[gnu::noinline]] bool load_and_unload() {
    void* module = dlopen(LOADABLE_MODULE, RTLD_LAZY | RTLD_LOCAL);
    return module == nullptr || dlclose(module) != 0;
}

/// Captures while another thread does it over and over. @return how many stacks were had
int captures_during(bool (*action)(), int captures) {
    std::atomic<bool> failed{false};
    stuck_thread busy([&](const auto& stop) {
        while (!stop) {
            failed = action() || failed;
        }
    });
    stack_catcher catcher;
    int had = 0;
    while (had < captures && !capture_with_remark(catcher, busy.tid(), "").frames.empty()) {
        ++had;
    }
    busy.finish();
    CHECK_FALSE(failed);
    return had;
}

} // namespace

TEST_CASE("stack_hazards: the unwinder of this system does without the loader's lock") {
    CHECK(unwinds_without_loader_lock());
}

// A sanitizer intercepts some functions of the unwinder, and hundreds of others.
TEST_CASE("stack_hazards: what a sanitizer intercepts is not taken for the unwinder") {
    CHECK_FALSE(is_in_unwinder(reinterpret_cast<std::uintptr_t>(&clock_gettime)));
}

TEST_CASE("stack_hazards: exceptions are thrown while stacks are taken") {
    CHECK(captures_during(throw_and_catch, 5000) == 5000);
}

TEST_CASE("stack_hazards: libraries are loaded and unloaded while stacks are taken") {
    CHECK(captures_during(load_and_unload, 5000) == 5000);
}

// Chance hits the worst instruction seldom. Here the processor stops at every one.
// (Too slow for a sanitizer.)
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(SIGNALS_ARE_LATE)

namespace {

struct step_counts {
    int steps = 0;
    int shown = 0;     ///< of these, stacks that have a frame
    int complete = 0;  ///< those that reach up to the function that was started
    int unwinding = 0; ///< those within the unwinder, which have one frame
};
step_counts counts;
stack_request::result stepped;

[[gnu::noinline]] bool stepped_through(bool (*action)());

void at_each_instruction(int /*signal*/, siginfo_t* /*info*/, void* context) {
    take_stack(static_cast<const ucontext_t*>(context), stepped);
    ++counts.steps;
    counts.shown += stepped.count > 0 ? 1 : 0;
    if (is_in_unwinder(stepped.frames[0])) {
        ++counts.unwinding;
        return;
    }
    const auto outermost = reinterpret_cast<std::uintptr_t>(&stepped_through);
    for (std::size_t i = 0; i < stepped.count; ++i) {
        if (stepped.frames[i] - outermost < 256) {
            ++counts.complete;
            break;
        }
    }
}

// The trap flag of the processor. The kernel clears it for the handler and sets it again after.
// The stack below the pointer may be in use by the caller (red zone).
[[gnu::always_inline]] inline void step(bool on) {
    if (on) {
        asm volatile("lea -128(%%rsp), %%rsp\n pushfq\n orq $0x100, (%%rsp)\n popfq\n"
                     "lea 128(%%rsp), %%rsp" ::
                         : "memory", "cc");
    } else {
        asm volatile("lea -128(%%rsp), %%rsp\n pushfq\n andq $~0x100, (%%rsp)\n popfq\n"
                     "lea 128(%%rsp), %%rsp" ::
                         : "memory", "cc");
    }
}

bool stepped_through(bool (*action)()) {
    step(true);
    const bool failed = action();
    step(false);
    return failed;
}

ucontext_t outside;
ucontext_t inside;

void on_other_stack() {
    for (;;) {
        swapcontext(&inside, &outside);
    }
}

[[gnu::noinline]] bool switch_there_and_back() {
    bool failed = swapcontext(&outside, &inside) != 0;
    failed = swapcontext(&outside, &inside) != 0 || failed;
    return failed;
}

step_counts step_through(bool (*action)()) {
    struct sigaction trap = {};
    trap.sa_sigaction = at_each_instruction;
    trap.sa_flags = SA_SIGINFO;
    struct sigaction before = {};
    take_stack(nullptr, stepped); // the first time goes through the loader
    counts = {};
    REQUIRE(sigaction(SIGTRAP, &trap, &before) == 0);
    const bool failed = stepped_through(action);
    sigaction(SIGTRAP, &before, nullptr);
    CHECK_FALSE(failed);
    return counts;
}

} // namespace

TEST_CASE("stack_hazards: a stack is had at every instruction of throwing and catching") {
    const auto stacks = step_through(throw_and_catch);
    INFO(stacks.complete << " of " << stacks.steps);
    CHECK(stacks.steps > 1000);
    CHECK(stacks.unwinding > 100);
    CHECK(stacks.complete + stacks.unwinding == stacks.steps);
}

TEST_CASE("stack_hazards: a stack is had at every instruction of loading and unloading") {
    const auto stacks = step_through(load_and_unload);
    INFO(stacks.complete << " of " << stacks.steps);
    CHECK(stacks.steps > 1000);
    CHECK(stacks.shown == stacks.steps);
    // Code without unwind tables ends a stack early, as crtbegin.o's in a module that is unloaded.
    CHECK(stacks.complete > stacks.steps / 10 * 9);
}

TEST_CASE("stack_hazards: a stack is had at every instruction of switching stacks") {
    std::vector<char> other(65536);
    REQUIRE(getcontext(&inside) == 0);
    inside.uc_stack.ss_sp = other.data();
    inside.uc_stack.ss_size = other.size();
    inside.uc_link = nullptr;
    makecontext(&inside, on_other_stack, 0);
    const auto stacks = step_through(switch_there_and_back);
    INFO(stacks.shown << " of " << stacks.steps);
    CHECK(stacks.steps > 50);
    CHECK(stacks.shown == stacks.steps);
}

#endif
