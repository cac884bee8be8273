// SPDX-License-Identifier: MIT
//
// DWARF expressions, as far as unwind tables use them: the linker's for calls through the PLT, the
// C library's for the frame of a signal handler, compilers' for realigned stacks.
#pragma once

#include "stack/capture/unwind_registers.hpp"
#include "stack/self_memory.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace loopmon::stack {

/// @param first already on the stack, if anything
/// @return nothing if it depends on a register that is not known or memory that cannot be read, or
///         does what no unwind table needs
[[nodiscard]] std::optional<std::uintptr_t>
evaluate_expression(const std::vector<std::uint8_t>& code, const unwind_registers& registers,
                    const self_memory& memory, std::optional<std::uintptr_t> first = std::nullopt);

} // namespace loopmon::stack
