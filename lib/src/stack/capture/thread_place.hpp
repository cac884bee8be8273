// SPDX-License-Identifier: MIT
//
// Where a thread sleeps, as far as it can be seen from outside: /proc/self/task/TID/syscall shows
// call, arguments, stack pointer and instruction of a thread that is off the CPU.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <sys/types.h>

namespace loopmon::stack {

struct thread_place {
    enum class state : std::uint8_t {
        asleep,  ///< the rest is valid
        running, ///< on a CPU, or about to be
        gone,
        hidden ///< /proc is not there, or belongs to root since the process changed its user
    };

    state is = state::hidden;
    long call = -1; ///< -1: outside of any call, waiting for memory
    std::array<unsigned long, 6> arguments{};
    std::uintptr_t stack_pointer = 0;
    std::uintptr_t instruction = 0;

    friend bool operator==(const thread_place&, const thread_place&) = default;
};

/// Some 10 µs.
[[nodiscard]] thread_place look_at_place(pid_t tid);

/// @param text "running", or "-1 SP PC", or "NUMBER ARG0 .. ARG5 SP PC"
[[nodiscard]] thread_place parse_place(std::string_view text);

} // namespace loopmon::stack
