// SPDX-License-Identifier: MIT
//
// Where compilers keep a frame pointer (-O0, -fno-omit-frame-pointer, alloca), the unwind table
// counts a frame from that register. Of a thread that sleeps its value is only known if a function
// further in has saved it, and the C library's wrappers of calls mostly do not. But the frame is
// there, and can be recognised from the stack pointer upwards:
//
//     | saved frame pointer | return address |   the one points into the stack, further out; the
//                                                other is behind an instruction that calls F
//
// What an earlier call has left on the stack may look alike. A direct call of this very function is
// taken for proof. A call by pointer is believed only if it is the first that looks like a frame.
#pragma once

#include "stack/capture/unwind_row.hpp"
#include "stack/capture/unwind_table.hpp"
#include "stack/self_memory.hpp"

#include <cstdint>
#include <optional>

namespace loopmon::stack {

struct found_frame {
    std::uintptr_t address = 0; ///< its canonical frame address
    bool proven = false;
};

/// @param stack_pointer of the function, at the place that the row is for
[[nodiscard]] std::optional<found_frame> search_frame(const unwind_entry& function,
                                                      const unwind_row& row,
                                                      std::uintptr_t stack_pointer,
                                                      const self_memory& memory);

/// How a function came to run that is to return to `back`.
enum class called_by : std::uint8_t {
    nothing, ///< it is not a return address
    name,    ///< by a call of it
    pointer, ///< by a call of whatever
    other    ///< it was not: the call there is of another one
};
[[nodiscard]] called_by call_before(std::uintptr_t back, std::uintptr_t function,
                                    const self_memory& memory);

} // namespace loopmon::stack
