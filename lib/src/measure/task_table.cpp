// SPDX-License-Identifier: MIT
#include "measure/task_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace loopmon::measure {

namespace {

constinit std::atomic<std::uint64_t> next_id{1};

std::uint64_t id_of(task_handle task) noexcept {
    return task == 0 ? 0 : slot_at(slot_of(task)).id(generation_of(task));
}

} // namespace

task_table::~task_table() {
    for (auto number = newest_block_.load(std::memory_order_acquire); number != no_block;) {
        auto& block = block_at(number);
        for (auto& slot : block.slots) {
            if (slot.living()) {
                slot.end();
            }
        }
        const auto next = block.next.load(std::memory_order_relaxed);
        return_block(std::exchange(number, next));
    }
}

task_handle task_table::add(const new_task& task) noexcept {
    active_.fetch_add(1, std::memory_order_relaxed);
    const auto number = take_slot();
    if (number == slot_stack::none) {
        return 0;
    }
    const auto id = next_id.fetch_add(1, std::memory_order_relaxed);
    const auto generation = slot_at(number).begin(id, id_of(task.parent), task);
    return make_word(number, generation);
}

void task_table::remove(task_handle task) noexcept {
    active_.fetch_sub(1, std::memory_order_relaxed);
    if (task == 0) {
        return;
    }
    const auto number = slot_of(task);
    auto& slot = slot_at(number);
    assert(slot.living() == generation_of(task));
    slot.end();
    free_.push(number);
}

template <class See>
void task_table::for_each_living(const See& see) const {
    for (auto number = newest_block_.load(std::memory_order_acquire); number != no_block;) {
        const auto& block = block_at(number);
        for (const auto& slot : block.slots) {
            if (const auto generation = slot.living()) {
                see(slot, *generation);
            }
        }
        number = block.next.load(std::memory_order_relaxed);
    }
}

std::vector<task_info> task_table::list(std::uint64_t after, std::size_t most) const {
    struct candidate {
        std::uint64_t id;
        const task_slot* slot;
        task_slot::generation of;
        bool operator<(const candidate& other) const { return id < other.id; }
    };
    std::vector<candidate> oldest; // a heap, the newest of them first
    for_each_living([&](const task_slot& slot, task_slot::generation of) {
        const auto id = slot.id(of);
        if (id <= after) { // zero: over meanwhile
            return;
        }
        if (oldest.size() < most) {
            oldest.push_back({id, &slot, of});
            std::push_heap(oldest.begin(), oldest.end());
        } else if (most != 0 && id < oldest.front().id) {
            std::pop_heap(oldest.begin(), oldest.end());
            oldest.back() = {id, &slot, of};
            std::push_heap(oldest.begin(), oldest.end());
        }
    });
    std::sort_heap(oldest.begin(), oldest.end());
    std::vector<task_info> result;
    result.reserve(oldest.size());
    for (const auto& [id, slot, of] : oldest) {
        if (auto info = slot->load(of)) {
            result.push_back(*std::move(info));
        }
    }
    return result;
}

void task_table::visit(const std::function<void(const task_info&)>& show) const {
    for_each_living([&](const task_slot& slot, task_slot::generation of) {
        if (const auto info = slot.load(of)) {
            show(*info);
        }
    });
}

std::uint32_t task_table::take_slot() noexcept {
    if (const auto number = free_.pop(); number != slot_stack::none) {
        return number;
    }
    // Two threads may come here at once; then the table grows by two blocks.
    const auto number = may_grow() ? lend_block() : no_block;
    if (number == no_block) {
        return slot_stack::none;
    }
    auto& block = block_at(number);
    auto newest = newest_block_.load(std::memory_order_relaxed);
    do {
        block.next.store(newest, std::memory_order_relaxed);
    } while (!newest_block_.compare_exchange_weak(newest, number, std::memory_order_release,
                                                  std::memory_order_relaxed));
    const auto first = number * task_block::size;
    const auto last = first + task_block::size - 1;
    for (auto slot = first + 1; slot < last; ++slot) {
        next_slot(slot).store(slot + 1, std::memory_order_relaxed);
    }
    free_.push_chain(first + 1, last);
    return first;
}

bool task_table::may_grow() noexcept {
    auto left = blocks_left_.load(std::memory_order_relaxed);
    do {
        if (left == 0) {
            return false;
        }
    } while (!blocks_left_.compare_exchange_weak(left, left - 1, std::memory_order_relaxed));
    return true;
}

std::optional<task_info> find_task(task_handle task) {
    if (task == 0) {
        return std::nullopt;
    }
    return slot_at(slot_of(task)).load(generation_of(task));
}

} // namespace loopmon::measure
