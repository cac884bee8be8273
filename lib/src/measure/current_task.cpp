// SPDX-License-Identifier: MIT
#include "measure/current_task.hpp"
#include "measure/task_block.hpp"

namespace loopmon::measure {

constinit thread_local thread_words this_thread{};

} // namespace loopmon::measure

namespace loopmon::measure::detail {

void count_created(task_handle task) noexcept {
    slot_at(slot_of(task)).count_handler(generation_of(task));
}

void count_closed(task_handle task) noexcept {
    slot_at(slot_of(task)).discount_handler(generation_of(task));
}

void count_time(task_handle task, std::chrono::nanoseconds time) noexcept {
    slot_at(slot_of(task)).count_time(generation_of(task), time);
}

} // namespace loopmon::measure::detail
