// SPDX-License-Identifier: MIT
#include "measure/task_block.hpp"
#include "measure/free_stack.hpp"

#include <cassert>
#include <new>

namespace loopmon::measure {

namespace {

std::atomic<std::uint32_t>& next_block(std::uint32_t number) noexcept {
    return block_at(number).next;
}

// Without destructors, so that handlers which outlive main() find them.
constinit std::array<std::atomic<task_block*>, max_task_blocks> directory{};
constinit std::atomic<std::uint32_t> blocks_made{0};
constinit free_stack<next_block> unused_blocks;

} // namespace

task_block& block_at(std::uint32_t number) noexcept {
    auto* const block = directory[number].load(std::memory_order_acquire);
    assert(block != nullptr);
    return *block;
}

std::uint32_t lend_block() noexcept {
    if (const auto number = unused_blocks.pop(); number != unused_blocks.none) {
        return number;
    }
    auto* const fresh = new (std::nothrow) task_block;
    if (fresh == nullptr) {
        return no_block;
    }
    auto number = blocks_made.load(std::memory_order_relaxed);
    do {
        if (number == max_task_blocks) {
            delete fresh;
            return no_block;
        }
    } while (!blocks_made.compare_exchange_weak(number, number + 1, std::memory_order_relaxed));
    directory[number].store(fresh, std::memory_order_release);
    return number;
}

void return_block(std::uint32_t number) noexcept {
    unused_blocks.push(number);
}

} // namespace loopmon::measure
