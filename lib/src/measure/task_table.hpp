// SPDX-License-Identifier: MIT
//
// The live tasks of one execution context. Any thread adds and removes, the watcher lists, and
// nobody waits for anybody: free slots form a stack, slots are seqlocks, and the blocks that the
// table has borrowed form a list that only grows. The only allocation is a new block, when more
// tasks live at once than ever before.
#pragma once

#include "measure/current_task.hpp"
#include "measure/free_stack.hpp"
#include "measure/task_block.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace loopmon::measure {

class task_table {
public:
    /// @param blocks how far the table may grow; fewer in tests
    explicit task_table(std::size_t blocks = max_task_blocks) noexcept : blocks_left_(blocks) {}
    /// Ends the tasks that are left. Nobody else may use the table now; words may be kept for ever.
    ~task_table();
    task_table(const task_table&) = delete;
    task_table& operator=(const task_table&) = delete;

    /// Registers a task. Lock-free. Without memory for a new block, or in a full table, the task is
    /// only counted: zero is returned, active() is right, list() lacks it.
    [[nodiscard]] task_handle add(const new_task& task) noexcept;
    /// Ends a task. Lock-free.
    /// @param task what add() returned, also zero
    void remove(task_handle task) noexcept;

    /// Tasks that are not done. Wait-free.
    [[nodiscard]] std::uint64_t active() const noexcept {
        return active_.load(std::memory_order_relaxed);
    }

    /// The live tasks, oldest first; of those whose id is over `after`, the first `most`.
    /// Allocates, as much as they need; for the watcher. A task that ends or begins meanwhile may
    /// be in or not.
    [[nodiscard]] std::vector<task_info>
    list(std::uint64_t after = 0, std::size_t most = std::numeric_limits<std::size_t>::max()) const;
    /// Shows each live task once, in no order. Allocates for one at a time; for the watcher.
    void visit(const std::function<void(const task_info&)>& show) const;

private:
    static std::atomic<std::uint32_t>& next_slot(std::uint32_t number) noexcept {
        return slot_at(number).next_free;
    }
    using slot_stack = free_stack<next_slot>;

    template <class See>
    void for_each_living(const See& see) const;
    [[nodiscard]] std::uint32_t take_slot() noexcept;
    [[nodiscard]] bool may_grow() noexcept;

    std::atomic<std::uint64_t> active_{0};
    slot_stack free_;
    std::atomic<std::uint32_t> newest_block_{no_block};
    std::atomic<std::size_t> blocks_left_;
};

/// A task of any table; nothing if it is over. Allocates; for the watcher.
[[nodiscard]] std::optional<task_info> find_task(task_handle task);

} // namespace loopmon::measure
