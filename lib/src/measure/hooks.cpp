// SPDX-License-Identifier: MIT
#include "measure/hooks.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/run_slot.hpp"
#include "measure/thread_record.hpp"

namespace loopmon::measure {

constinit thread_local unsigned own_work::depth = 0;

void switch_task(task_word task) noexcept {
    auto* const thread = thread_record::mine_if_any();
    if (thread != nullptr && thread->innermost != nullptr) {
        thread->charge_task(cycle_clock::now());
        thread->shown->show_task(task);
    }
    set_current_task(task);
}

} // namespace loopmon::measure
