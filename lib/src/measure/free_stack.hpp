// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace loopmon::measure {

/// A Treiber stack (R. K. Treiber, "Systems Programming: Coping with Parallelism", 1986) of the
/// numbers of things that are never freed, with a tag against ABA. Lock-free.
/// @tparam NextOf finds the link of a number: std::atomic<std::uint32_t>& (std::uint32_t)
template <auto NextOf>
class free_stack {
public:
    using number = std::uint32_t;
    static constexpr number none = ~number{0};

    void push(number pushed) noexcept { push_chain(pushed, pushed); }

    /// Pushes numbers that are linked already, from the first to the last.
    void push_chain(number first, number last) noexcept {
        auto head = head_.load(std::memory_order_relaxed);
        do {
            NextOf(last).store(top_of(head), std::memory_order_relaxed);
        } while (!head_.compare_exchange_weak(
            head, pack(tag_of(head), first), std::memory_order_acq_rel, std::memory_order_relaxed));
    }

    /// @return none if it is empty
    [[nodiscard]] number pop() noexcept {
        auto head = head_.load(std::memory_order_acquire);
        for (;;) {
            const auto top = top_of(head);
            if (top == none) {
                return none;
            }
            // Another thread may take it meanwhile; what is read here is then thrown away with the
            // failing exchange, because every pop changes the tag.
            const auto next = NextOf(top).load(std::memory_order_relaxed);
            if (head_.compare_exchange_weak(head, pack(tag_of(head) + 1, next),
                                            std::memory_order_acq_rel, std::memory_order_acquire)) {
                return top;
            }
        }
    }

private:
    static constexpr std::uint64_t pack(std::uint64_t tag, number top) { return tag << 32 | top; }
    static constexpr std::uint64_t tag_of(std::uint64_t head) { return head >> 32; }
    static constexpr number top_of(std::uint64_t head) { return static_cast<number>(head); }

    std::atomic<std::uint64_t> head_{pack(0, none)};
};

} // namespace loopmon::measure
