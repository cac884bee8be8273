// SPDX-License-Identifier: MIT
//
// What runs on the interrupted thread. It may have been interrupted anywhere: in malloc, in the
// loader with its lock held, in the midst of throwing an exception. So this takes no lock,
// allocates nothing, touches no thread-local variable but errno, and calls no function for the
// first time (stack_signal warms it up): a first call goes through the loader.
//
// The unwinder is libgcc's own. It finds the tables of a frame by _dl_find_object, which glibc has
// since 2.35, takes no lock and may be called from a signal handler; before, it took the loader's
// lock by dl_iterate_phdr, and with it every program that throws or loads while it is interrupted.
// unwinder_probe finds out which one is there. It reads the stack by the unwind tables; code that
// changes stacks in a way that is not in the tables (hand-written assembly) can mislead it.
#pragma once

#include "stack/capture/stack_request.hpp"

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/ucontext.h>

namespace loopmon::stack {

/// The unwinder and the handler need about 5 KiB. Alternate signal stacks come as small as 8 KiB,
/// of which the kernel's own frame takes 1 to 11 (AVX-512, AMX): with less than this left, only the
/// interrupted instruction is reported.
inline constexpr std::size_t stack_needed = std::size_t{10} * 1024;

/// The handler of the signal: answers the request that the cookie in `info` names. Leaves errno
/// alone, and ignores a signal that is not ours.
void on_stack_signal(int signal, siginfo_t* info, void* context) noexcept;

/// Whether an instruction is one of the unwinder's own, which land an exception by instructions
/// that no unwind table describes: from there the caller's registers would be taken for its own,
/// and memory read that is not there. Async-signal-safe. False where the unwinder is linked into
/// this module.
[[nodiscard]] bool is_in_unwinder(std::uintptr_t instruction) noexcept;

/// The stack above the frame that `context` was interrupted in; without a context, the caller's.
/// Async-signal-safe after its first call.
void take_stack(const ucontext_t* context, stack_request::result& into) noexcept;

} // namespace loopmon::stack
