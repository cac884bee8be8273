// SPDX-License-Identifier: MIT
#pragma once

#include "stack/self_memory.hpp"

#include <cstdint>
#include <string>

namespace loopmon::stack {

/// What the header of a loaded ELF file says about it.
struct elf_image {
    /// Address in memory less address in the file; what addr2line wants subtracted.
    std::uintptr_t bias = 0;
    /// Hexadecimal; empty if the linker has written none (--build-id=none).
    std::string build_id;
    std::uintptr_t dynamic = 0; ///< its dynamic section in memory; 0: it has none
};

/// From memory, not from the file, which an upgrade may have replaced since.
/// @param base where the file begins in memory; taken for the bias if that is not readable
[[nodiscard]] elf_image read_elf_image(const self_memory& memory, std::uintptr_t base);

} // namespace loopmon::stack
