// SPDX-License-Identifier: MIT
//
// The unwind table of a loaded image (.eh_frame, by the index .eh_frame_hdr that every linker makes
// for exceptions), read from memory: no file, no debug information, no loader lock. An image may be
// unloaded meanwhile, or be damaged; then nothing is found.
#pragma once

#include "stack/loaded_image.hpp"
#include "stack/self_memory.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace loopmon::stack {

/// What the table says of one function.
struct unwind_entry {
    /// Part of the table, with its place in the image.
    struct piece {
        std::vector<std::uint8_t> bytes;
        std::uintptr_t address = 0;
    };

    std::uintptr_t begin = 0; ///< of the function
    std::uintptr_t end = 0;
    piece initial;      ///< instructions for all functions of its kind ...
    piece instructions; ///< ... and for this one
    std::uint64_t code_alignment = 1;
    std::int64_t data_alignment = 1;
    std::uint64_t return_column = 0; ///< the register that holds the return address
    std::uint8_t pointer_encoding = 0;
    bool signal_frame = false; ///< its caller was interrupted, not left by a call
};

[[nodiscard]] std::optional<unwind_entry>
find_unwind_entry(const self_memory& memory, const loaded_image& image, std::uintptr_t instruction);

} // namespace loopmon::stack
