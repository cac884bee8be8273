// SPDX-License-Identifier: MIT
#include "measure/hooks.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/handler_path.hpp"
#include "measure/thread_slot.hpp"

namespace loopmon::measure {

void switch_task(task_handle task) noexcept {
    if (const auto* const running = this_thread.innermost) {
        charge_task(this_thread, cycle_clock::now());
        running->handler.slot->show_task(task);
    }
    set_current_task(task);
}

} // namespace loopmon::measure
