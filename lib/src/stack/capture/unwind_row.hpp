// SPDX-License-Identifier: MIT
//
// How to get from the registers of one frame to those of its caller: what the table's instructions
// for a function come to at one place in it.
#pragma once

#include "stack/capture/unwind_registers.hpp"
#include "stack/capture/unwind_table.hpp"
#include "stack/self_memory.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace loopmon::stack {

struct unwind_rule {
    enum class kind : std::uint8_t {
        same,          ///< kept, or not mentioned
        undefined,     ///< lost; of the return address: there is no caller
        at_offset,     ///< saved at CFA + value
        is_offset,     ///< is CFA + value
        in_register,   ///< is what the register `value` is
        at_expression, ///< saved where the expression says
        is_expression
    };

    kind how = kind::same;
    std::int64_t value = 0;
    std::vector<std::uint8_t> expression = {};
};

struct unwind_row {
    /// The canonical frame address: in_register (plus `cfa_offset`) or is_expression.
    unwind_rule cfa = {};
    std::int64_t cfa_offset = 0;
    std::array<unwind_rule, unwind_registers::count> registers = {};
    bool return_signed = false; ///< the return address carries a signature (aarch64)

    [[nodiscard]] std::optional<std::uintptr_t> frame_address(const unwind_registers& in,
                                                              const self_memory& memory) const;
    /// The registers of the caller. What cannot be found out is not known.
    [[nodiscard]] unwind_registers caller_of(const unwind_registers& in, std::uintptr_t cfa,
                                             const self_memory& memory) const;
};

/// @return nothing if the instructions are not understood
[[nodiscard]] std::optional<unwind_row> unwind_row_at(const unwind_entry& entry,
                                                      std::uintptr_t instruction);

} // namespace loopmon::stack
