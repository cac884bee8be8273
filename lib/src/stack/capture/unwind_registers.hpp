// SPDX-License-Identifier: MIT
//
// The registers of a thread that sleeps, as far as they are known. Of one that is not interrupted
// the kernel shows stack pointer and program counter; of the others an outer frame has those that
// an inner one has saved. Numbered as DWARF does for the processor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace loopmon::stack {

#if defined(__x86_64__)
inline constexpr bool can_unwind_sleepers = true;
inline constexpr std::size_t stack_register = 7; // rsp
inline constexpr std::size_t frame_register = 6; // rbp
#elif defined(__aarch64__)
inline constexpr bool can_unwind_sleepers = true;
inline constexpr std::size_t stack_register = 31; // sp
inline constexpr std::size_t frame_register = 29; // x29
#elif defined(__i386__)
inline constexpr bool can_unwind_sleepers = true;
inline constexpr std::size_t stack_register = 4; // esp
inline constexpr std::size_t frame_register = 5; // ebp
#else // 32-bit ARM has tables of its own kind (.ARM.exidx)
inline constexpr bool can_unwind_sleepers = false;
inline constexpr std::size_t stack_register = 0;
inline constexpr std::size_t frame_register = 0;
#endif

struct unwind_registers {
    /// x0 to x30 and sp of aarch64 are the most that matter: the others are of vectors and flags.
    static constexpr std::size_t count = 33;

    std::array<std::optional<std::uintptr_t>, count> values = {};

    [[nodiscard]] std::optional<std::uintptr_t> get(std::uint64_t number) const noexcept {
        return number < count ? values[static_cast<std::size_t>(number)] : std::nullopt;
    }
    void set(std::uint64_t number, std::optional<std::uintptr_t> value) noexcept {
        if (number < count) {
            values[static_cast<std::size_t>(number)] = value;
        }
    }
};

} // namespace loopmon::stack
