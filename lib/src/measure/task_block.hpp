// SPDX-License-Identifier: MIT
//
// Where task slots come from. A handler keeps the word of its task for as long as it waits, and by
// then the task, its loop and its table may be gone. So slots are never freed: they live in blocks
// that belong to the process, and a block that one table gives back is lent to the next. A word is
// the number of a slot and a generation; one that is out of date finds another generation there.
#pragma once

#include "measure/current_task.hpp"
#include "measure/task_slot.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace loopmon::measure {

/// Small, for each loop has one at least; large enough that growing is rare. About 4 KB.
struct task_block {
    static constexpr std::uint32_t size = 32;

    std::array<task_slot, size> slots;
    std::atomic<std::uint32_t> next{0}; ///< in the list of its table, or among the unused ones
};

/// 2^19 blocks are 2^24 tasks at once. The directory takes 4 MB of addresses, and of memory what is
/// used of it.
inline constexpr std::uint32_t max_task_blocks = 1U << 19;
inline constexpr std::uint32_t no_block = ~std::uint32_t{0};

/// Lends a block, all of whose slots are free. Allocates when more are lent than ever before.
/// @return its number; no_block if there is no memory, or max_task_blocks are lent
[[nodiscard]] std::uint32_t lend_block() noexcept;
/// Takes one back.
void return_block(std::uint32_t number) noexcept;

/// @param number of a block that was lent at some time
[[nodiscard]] task_block& block_at(std::uint32_t number) noexcept;

/// Slots are numbered through all blocks.
[[nodiscard]] inline task_slot& slot_at(std::uint32_t number) noexcept {
    return block_at(number / task_block::size).slots[number % task_block::size];
}

[[nodiscard]] constexpr task_handle make_word(std::uint32_t slot,
                                              task_slot::generation generation) {
    return std::uint64_t{generation} << 32 | slot;
}
[[nodiscard]] constexpr std::uint32_t slot_of(task_handle task) {
    return static_cast<std::uint32_t>(task);
}
[[nodiscard]] constexpr task_slot::generation generation_of(task_handle task) {
    return static_cast<task_slot::generation>(task >> 32);
}

} // namespace loopmon::measure
