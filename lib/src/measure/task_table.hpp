// SPDX-License-Identifier: MIT
//
// The live tasks of one execution context. Any thread adds and removes, the watcher lists, and
// nobody waits for anybody: slots sit in chunks that double in size and are never freed while the
// table lives; free slots form a Treiber stack (R. K. Treiber, "Systems Programming: Coping with
// Parallelism", 1986) of indices with a tag against ABA; each slot is a seqlock whose sequence is
// odd while the task lives. The only allocation is a new chunk, when more tasks live at once than
// ever before.
#pragma once

#include <boost/assert/source_location.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon::measure {

/// A consistent copy of one slot.
struct task_info {
    std::uint64_t id = 0; ///< unique in its table, never used again
    std::string name;
    std::string file; ///< where it was spawned
    std::uint32_t line = 0;
    std::chrono::steady_clock::time_point began{};
};

class task_table {
public:
    /// Longer names are cut at a UTF-8 character boundary.
    static constexpr std::size_t name_capacity = 64;

    using slot_index = std::uint32_t;
    static constexpr slot_index no_slot = ~slot_index{0};

    static constexpr std::size_t first_chunk = 64; ///< slots, about 7 KB
    static constexpr std::size_t max_chunks = 18;  ///< 64 * (2^18 - 1) slots, 2^24

    /// @param chunks how far the table may grow, at most max_chunks; fewer in tests
    explicit task_table(std::size_t chunks = max_chunks) noexcept;
    ~task_table();
    task_table(const task_table&) = delete;
    task_table& operator=(const task_table&) = delete;

    /// Registers a task. Lock-free. Without memory for a new chunk, or in a full table, the task is
    /// only counted: no_slot is returned, active() is right, list() lacks it.
    /// @param where its strings must live as long as the table, as those of the language do
    [[nodiscard]] slot_index add(std::string_view name, const boost::source_location& where,
                                 std::chrono::steady_clock::time_point now) noexcept;
    /// Ends a task. Lock-free.
    /// @param index what add() returned, also no_slot
    void remove(slot_index index) noexcept;

    /// Tasks that are not done. Wait-free.
    [[nodiscard]] std::uint64_t active() const noexcept {
        return active_.load(std::memory_order_relaxed);
    }

    /// The live tasks, oldest first. Allocates; for the watcher. A task that ends or begins
    /// meanwhile may be in or not.
    [[nodiscard]] std::vector<task_info> list() const;

private:
    struct slot;

    [[nodiscard]] slot* find(slot_index index) const noexcept;
    [[nodiscard]] bool ensure_chunk(std::size_t chunk) noexcept;
    [[nodiscard]] slot_index take_free() noexcept;
    [[nodiscard]] slot_index take_fresh() noexcept;
    void give_back(slot_index index, slot& freed) noexcept;

    const slot_index capacity_;
    std::atomic<std::uint64_t> active_{0};
    std::atomic<std::uint64_t> next_id_{1};
    std::atomic<std::uint64_t> free_head_;  ///< tag << 32 | index of the first free slot
    std::atomic<slot_index> next_fresh_{0}; ///< slots from here on were never used
    std::array<std::atomic<slot*>, max_chunks> chunks_{};
};

} // namespace loopmon::measure
