// SPDX-License-Identifier: MIT
// What the tests of stack_catcher share.
#pragma once

#include "stack/capture/stack_catcher.hpp"
#include "stack/capture/stack_handler.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/types.h>
#include <thread>

// Thread sanitizer delivers a signal when the thread calls something that it intercepts, and on the
// thread's own stack: not in a system call that goes on, and not on a signal stack.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SIGNALS_ARE_LATE 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define SIGNALS_ARE_LATE 1
#endif

namespace loopmon::test {

inline bool always() {
    return true;
}

/// Something that thread sanitizer intercepts.
inline void breathe() {
    std::this_thread::yield();
    void* volatile memory = std::malloc(1); // NOLINT: not to be optimised away
    std::free(memory);                      // NOLINT
}

/// Whether a frame lies in the function. Where it ends is not known; those of the tests are small.
template <class Function>
bool shows(const stack::captured_stack& stack, Function* function) {
    const auto begin = reinterpret_cast<std::uintptr_t>(function);
    return std::any_of(stack.frames.begin(), stack.frames.end(), [begin](std::uintptr_t frame) {
        return frame >= begin && frame < begin + 256;
    });
}

/// Captures until the stack is as wanted, or a time is over that only a broken catcher needs. (A
/// busy machine may leave a thread without CPU for longer than a capture waits.) A thread that has
/// not slept since the first time computes, as for the investigator.
template <class Wanted>
stack::captured_stack capture_until(stack::stack_catcher& catcher, pid_t tid, Wanted wanted) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    auto awake = stack::look_whether_awake(tid);
    auto stack = catcher.capture(tid, always, awake);
    while (!wanted(stack) && std::chrono::steady_clock::now() < end) {
        std::this_thread::yield();
        const auto now = stack::look_whether_awake(tid);
        if (!awake ||
            (now && now->sleeps != awake->sleeps)) { // it slept at the first look, or since
            awake = now;
        }
        stack = catcher.capture(tid, always, awake);
    }
    return stack;
}

template <class Function>
stack::captured_stack capture_in(stack::stack_catcher& catcher, pid_t tid, Function* function) {
    return capture_until(catcher, tid,
                         [function](const auto& stack) { return shows(stack, function); });
}

inline stack::captured_stack capture_with_remark(stack::stack_catcher& catcher, pid_t tid,
                                                 const std::string& remark) {
    return capture_until(catcher, tid,
                         [&remark](const auto& stack) { return stack.remark == remark; });
}

} // namespace loopmon::test
