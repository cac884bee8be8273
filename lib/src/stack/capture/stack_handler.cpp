// SPDX-License-Identifier: MIT
#include "stack/capture/stack_handler.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#if defined(__has_feature) // clang's way to say it
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

namespace loopmon::stack {

namespace {

/// Thread sanitizer holds signals back until the thread calls something it intercepts, and then
/// calls the handler itself: the frames above the handler are all there is.
#if defined(__SANITIZE_THREAD__)
constexpr bool is_called_later = true;
#else
constexpr bool is_called_later = false;
#endif

/// 0 on a processor that is not known here; the unwinder's own mark is then the only one.
std::uintptr_t interrupted_instruction(const ucontext_t& context) noexcept {
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__i386__)
    return static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_EIP]);
#elif defined(__aarch64__)
    return static_cast<std::uintptr_t>(context.uc_mcontext.pc);
#elif defined(__arm__)
    return static_cast<std::uintptr_t>(context.uc_mcontext.arm_pc);
#elif defined(__riscv)
    return static_cast<std::uintptr_t>(context.uc_mcontext.__gregs[REG_PC]);
#else
    return (void)context, 0;
#endif
}

/// Whether the thread comes out of a call that the signal has ended: the kernel has put the result
/// there, and the instruction before is the call. (Of one that is restarted it is the next.)
bool has_ended_call(const ucontext_t& context) noexcept {
#if defined(__x86_64__)
    const auto next = static_cast<std::uintptr_t>(context.uc_mcontext.gregs[REG_RIP]);
    constexpr std::array<unsigned char, 2> call = {0x0f, 0x05}; // syscall
    return context.uc_mcontext.gregs[REG_RAX] == -EINTR &&
           std::memcmp(reinterpret_cast<const void*>(next - call.size()), // NOLINT: an address
                       call.data(), call.size()) == 0;
#elif defined(__aarch64__)
    const auto next = static_cast<std::uintptr_t>(context.uc_mcontext.pc);
    constexpr std::array<unsigned char, 4> call = {0x01, 0x00, 0x00, 0xd4}; // svc #0
    return static_cast<long>(context.uc_mcontext.regs[0]) == -EINTR &&
           std::memcmp(reinterpret_cast<const void*>(next - call.size()), // NOLINT: an address
                       call.data(), call.size()) == 0;
#else
    return (void)context, false;
#endif
}

/// Whether this very frame is on an alternate signal stack that has too little left.
bool cramped(const ucontext_t& context) noexcept {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const auto lowest = reinterpret_cast<std::uintptr_t>(context.uc_stack.ss_sp);
    return here >= lowest && here - lowest < stack_needed &&
           here - lowest < context.uc_stack.ss_size;
}

struct walk {
    stack_request::result& into;
    /// The frames of the capture itself come first; they are passed over until this one.
    std::uintptr_t first;
    bool started;
};

_Unwind_Reason_Code on_frame(_Unwind_Context* frame, void* argument) noexcept {
    auto& at = *static_cast<walk*>(argument);
    int exact = 0; // the frame was interrupted rather than left by a call
    const auto address = static_cast<std::uintptr_t>(_Unwind_GetIPInfo(frame, &exact));
    at.started = at.started || exact != 0 || (at.first != 0 && address == at.first);
    if (!at.started) {
        return _URC_NO_REASON;
    }
    if (address == 0) {
        return _URC_END_OF_STACK;
    }
    if (at.into.count == frame_limit) {
        at.into.truncated = true;
        return _URC_END_OF_STACK;
    }
    const bool interrupted = exact != 0 || address == at.first;
    at.into.frames[at.into.count++] = interrupted ? address : address - 1;
    return _URC_NO_REASON;
}

#if defined(__GLIBC__)
/// Finds the module of an address, without a lock, as the unwinder itself does.
bool find_module(std::uintptr_t address, dl_find_object& module) noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return _dl_find_object(reinterpret_cast<void*>(address), &module) == 0;
}
#endif

/// glibc's own switches of stacks, whose registers are half the one context's and half the other's.
/// The longest, swapcontext of x86-64, has less than 1 KiB.
bool is_switching_stacks(std::uintptr_t instruction) noexcept {
#if defined(__GLIBC__)
    constexpr std::uintptr_t longest = 1024;
    return instruction - reinterpret_cast<std::uintptr_t>(&swapcontext) < longest ||
           instruction - reinterpret_cast<std::uintptr_t>(&setcontext) < longest;
#else
    return (void)instruction, false;
#endif
}

} // namespace

bool is_in_unwinder(std::uintptr_t instruction) noexcept {
#if defined(__GLIBC__)
    dl_find_object unwinder{};
    dl_find_object own{};
    // A function that no sanitizer intercepts, which _Unwind_RaiseException is not.
    if (!find_module(reinterpret_cast<std::uintptr_t>(&_Unwind_Backtrace), unwinder) ||
        !find_module(reinterpret_cast<std::uintptr_t>(&take_stack), own) ||
        own.dlfo_map_start == unwinder.dlfo_map_start) { // linked in: they cannot be distinguished
        return false;
    }
    return instruction >= reinterpret_cast<std::uintptr_t>(unwinder.dlfo_map_start) &&
           instruction < reinterpret_cast<std::uintptr_t>(unwinder.dlfo_map_end);
#else
    return (void)instruction, false;
#endif
}

void take_stack(const ucontext_t* context, stack_request::result& into) noexcept {
    into.count = 0;
    into.truncated = false;
    into.ended_call = context != nullptr && has_ended_call(*context);
    into.cramped = context != nullptr && cramped(*context);
    const auto first = context != nullptr ? interrupted_instruction(*context) : 0;
    if (!into.cramped && !is_in_unwinder(first) && !is_switching_stacks(first)) {
        walk at{into, first, context == nullptr || is_called_later};
        (void)_Unwind_Backtrace(on_frame, &at);
    }
    if (into.count == 0 && first != 0) {
        into.frames[into.count++] = first;
    }
}

void on_stack_signal(int /*signal*/, siginfo_t* info, void* context) noexcept {
    const int saved = errno;
    // si_pid is this process: another process that sends this signal gets no answer.
    if (info->si_code == SI_QUEUE && info->si_pid == getpid()) {
        const auto which = static_cast<stack_request::cookie>(info->si_value.sival_int);
        auto& request = stack_requests[stack_request::index_of(which)];
        if (auto* into = request.begin(which, static_cast<pid_t>(syscall(SYS_gettid)))) {
            take_stack(static_cast<const ucontext_t*>(context), *into);
            request.finish();
        }
    }
    errno = saved;
}

} // namespace loopmon::stack
