// SPDX-License-Identifier: MIT
#include "measure/handler_path.hpp"

#include "measure/thread_record.hpp"

namespace loopmon::measure {

namespace {

/// Of the present thread, in the loop of the handler. Null: out of memory.
thread_slot* slot_here(const thread_slot& of) noexcept {
    auto* const thread = thread_record::mine();
    return thread != nullptr ? thread->slot_in(of.loop()) : nullptr;
}

void leave(handler_frame& frame, bool threw) noexcept {
    auto& thread = this_thread;
    auto& slot = *frame.handler.slot;
    const auto now = cycle_clock::now();
    const auto took = now - slot.shown_began();
    if (frame.plain) { // and not any more: it threw, or works for a task
        frame.outer = nullptr;
        frame.outer_task = 0;
    }
    charge_task(thread, now);
    thread.task = frame.outer_task;
    thread.innermost = frame.outer;
    task_handler_closed(frame.handler.task);
    if (frame.outer != nullptr) {
        frame.outer->nested += took;
    }
    if (cycle_clock::timing()) {
        slot.ran(cycle_clock::between(frame.nested, took));
    }
    if (threw) {
        slot.threw();
    } else {
        slot.finished();
    }
    if (frame.outer != nullptr && frame.around_shown) {
        slot.show(frame.around);
    } else {
        slot.show_none();
    }
    frame.handler.slot = nullptr;
}

} // namespace

void begin_any_handler(handler_frame& frame) noexcept {
    auto& thread = this_thread;
    if (begins_plainly(*frame.handler.slot, thread)) {
        begin_plain_handler(frame, thread, *frame.handler.slot, cycle_clock::recent(),
                            cycle_clock::timing());
        return;
    }
    auto* const slot = slot_here(*frame.handler.slot);
    if (slot == nullptr) {
        // Out of memory: it stays among the live ones of the loop, but not of its task.
        task_handler_closed(frame.handler.task);
        frame.handler.slot = nullptr;
        return;
    }
    slot->set_owner(thread.record);
    const auto now = cycle_clock::recent();
    frame.handler.slot = slot;
    frame.plain = false;
    frame.outer = thread.innermost;
    frame.nested = 0;
    frame.outer_task = thread.task;
    if (frame.outer != nullptr) {
        charge_task(thread, now);
        frame.around_shown = slot->shows();
        frame.around = slot->shown();
    }
    thread.charged = now;
    thread.innermost = &frame;
    thread.task = frame.handler.task;
    const shown_handler shown{now, frame.handler.object, frame.handler.operation,
                              frame.handler.task};
    slot->show(shown);
    if (is_posted(shown.operation) && cycle_clock::timing()) {
        slot->waited(cycle_clock::between(frame.handler.created, now));
    }
}

void end_any_handler(handler_frame& frame) noexcept {
    if (ends_plainly(frame, this_thread)) {
        end_plain_handler(frame, this_thread, *frame.handler.slot, cycle_clock::now(),
                          cycle_clock::timing());
        return;
    }
    leave(frame, false);
}

void close_handler(handler_frame& frame) noexcept {
    if (this_thread.innermost == &frame) {
        leave(frame, true);
        return;
    }
    if (auto* const slot = slot_here(*frame.handler.slot)) {
        slot->abandoned();
    }
    task_handler_closed(frame.handler.task);
    frame.handler.slot = nullptr;
}

} // namespace loopmon::measure
