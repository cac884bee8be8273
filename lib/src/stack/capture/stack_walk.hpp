// SPDX-License-Identifier: MIT
//
// The stack of a thread that sleeps in a system call, read by another thread of the process. The
// sleeper takes no signal for it and notices nothing: its call goes on, with every signal blocked
// and in uninterruptible sleep as well.
//
// The unwind tables are interpreted here rather than by libdwfl, which can do the same: it reads
// files (gone after chroot(2) or an upgrade, slow from a disk, which may be what the thread waits
// for) and wants a library that not everybody has at build time.
#pragma once

#include "stack/capture/unwind_registers.hpp"

#include <cstdint>
#include <vector>

namespace loopmon::stack {

struct walked_stack {
    enum class end : std::uint8_t {
        outermost,        ///< it is complete
        limit,            ///< there are more frames than `frame_limit`
        unknown_register, ///< the caller's frame depends on one, e.g. for alloca()
        no_table          ///< nothing describes the code of the last frame: written by hand, or JIT
    };

    std::vector<std::uintptr_t> frames; ///< as in captured_stack
    end because = end::outermost;
    /// A frame was found by its looks (frame_search): one of those around it may be wrong.
    bool guessed = false;
};

/// Reads memory that may change under it, so the result is only valid if the thread
/// is afterwards seen to have slept all the time. May wait for pages that are not in memory.
/// @param stack_pointer and instruction: as /proc/TID/syscall shows them
[[nodiscard]] walked_stack walk_stack(std::uintptr_t stack_pointer, std::uintptr_t instruction);

} // namespace loopmon::stack
