// SPDX-License-Identifier: MIT
#include "measure/task_slot.hpp"

#include <cassert>

namespace loopmon::measure {

namespace {

constexpr auto publish = std::memory_order_release;
constexpr auto observe = std::memory_order_acquire;

constexpr std::uint64_t no_handlers(task_slot::generation of) {
    return std::uint64_t{of} << 32;
}

} // namespace

task_slot::generation task_slot::begin(std::uint64_t id, std::uint64_t parent_id,
                                       const new_task& task) noexcept {
    const auto begun = sequence_.load(std::memory_order_relaxed) + 1;
    assert(begun % 2 == 1);
    run_ns_.store(0, publish);
    handlers_.store(no_handlers(begun), publish);
    id_.store(id, publish);
    parent_.store(parent_id, publish);
    began_ns_.store(std::chrono::nanoseconds(task.began.time_since_epoch()).count(), publish);
    file_.store(task.where.file_name(), publish);
    line_.store(static_cast<std::uint32_t>(task.where.line()), publish);
    offloaded_.store(task.offloaded, publish);
    name_.store(task.name);
    sequence_.store(begun, publish);
    return begun;
}

void task_slot::end() noexcept {
    const auto over = sequence_.load(std::memory_order_relaxed) + 1;
    assert(over % 2 == 0);
    sequence_.store(over, publish);
    handlers_.store(no_handlers(over), publish);
}

std::optional<task_slot::generation> task_slot::living() const noexcept {
    const auto sequence = sequence_.load(observe);
    return sequence % 2 == 1 ? std::optional(sequence) : std::nullopt;
}

std::optional<task_info> task_slot::load(generation of) const {
    if (sequence_.load(observe) != of) {
        return std::nullopt;
    }
    task_info copy;
    copy.id = id_.load(observe);
    copy.name = name_.load();
    const char* const file = file_.load(observe);
    copy.line = line_.load(observe);
    const std::chrono::nanoseconds began(began_ns_.load(observe));
    copy.began = std::chrono::steady_clock::time_point(began);
    copy.parent = parent_.load(observe);
    copy.offloaded = offloaded_.load(observe);
    copy.run_time = std::chrono::nanoseconds(run_ns_.load(observe));
    copy.handlers = static_cast<std::uint32_t>(handlers_.load(observe));
    if (sequence_.load(std::memory_order_relaxed) != of) {
        return std::nullopt;
    }
    copy.file = file;
    return copy;
}

std::uint64_t task_slot::id(generation of) const noexcept {
    if (sequence_.load(observe) != of) {
        return 0;
    }
    const auto found = id_.load(observe);
    return sequence_.load(std::memory_order_relaxed) == of ? found : 0;
}

void task_slot::count_handler(generation of) noexcept {
    change_handlers(of, 1);
}

void task_slot::discount_handler(generation of) noexcept {
    change_handlers(of, ~std::uint64_t{0});
}

// The generation is in the same word as the number, so the next task of the slot never gets a
// handler of this one, nor loses one, which would stay wrong for all its life.
void task_slot::change_handlers(generation of, std::uint64_t change) noexcept {
    auto seen = handlers_.load(std::memory_order_relaxed);
    do {
        if (seen >> 32 != of) {
            return;
        }
        assert(change == 1 || seen != no_handlers(of));
    } while (!handlers_.compare_exchange_weak(seen, seen + change, std::memory_order_relaxed));
}

// Here the check and the sum are two steps: if one task ends and the next begins between them, by
// other threads, then the next one gets the time of this handler. No more can go wrong, nobody
// decides by it, and 64 bits of time leave no room for a generation.
void task_slot::count_time(generation of, std::chrono::nanoseconds time) noexcept {
    if (sequence_.load(std::memory_order_relaxed) == of) {
        run_ns_.fetch_add(time.count(), std::memory_order_relaxed);
    }
}

} // namespace loopmon::measure
