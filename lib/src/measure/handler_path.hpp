// SPDX-License-Identifier: MIT
//
// What happens to a handler: it is created, and then begins and ends, or is closed without having
// run. Written for the plain case, which is nearly every handler: it runs on the thread that
// created it, in no other handler, and ends by itself. Then all that is needed is in this_thread
// and in the slot that the handler's words name, nothing is looked up, and nothing is called.
// Whatever is not plain goes to the functions in handler_path.cpp, as the last thing that is done,
// so that the plain case has no registers to save for them.
//
// By the system clock a creation and a begin may be stamped up to a microsecond too early
// (cycle_clock::recent()); in a chain of short handlers, by the time that the loop takes between
// two of them. A queue delay is the difference of the two and off by at most a microsecond either
// way, and a run time is too long by at most as much: less than a bucket from 45 us on. A handler
// that computes before it creates another one stamps it by a new reading.
//
// Nested handlers are a stack: each keeps what its slot showed when it began, and shows it again
// when it ends.
#pragma once

#include "measure/current_task.hpp"
#include "measure/cycle_clock.hpp"
#include "measure/thread_slot.hpp"
#include "measure/thread_words.hpp"

#include "measure/handler_tag.hpp"

#include <cstdint>

namespace loopmon::measure {

// Not the plain case; all of these do all of it.
void begin_any_handler(handler_frame& frame) noexcept;
void end_any_handler(handler_frame& frame) noexcept;
void close_handler(handler_frame& frame) noexcept; ///< by an exception, or without having run

/// Charges the time since the last call, or since the outermost handler began, to the task that is
/// current.
/// @param now ticks
inline void charge_task(thread_words& thread, std::uint64_t now) noexcept {
    if (thread.task != 0) { // else the ticks need not be converted
        task_ran(thread.task, cycle_clock::between(thread.charged, now));
    }
    thread.charged = now;
}

/// @param slot of the present thread, in the loop that the handler is created for
inline void create_handler(thread_slot& slot, handler_tag& words, const char* object,
                           const char* operation, std::uint64_t now,
                           task_handle task = this_thread.task) noexcept {
    words.slot = &slot;
    words.created = now;
    words.object = object;
    words.operation = operation;
    words.task = task;
    slot.created();
    task_handler_created(task);
}

/// Whether a handler is ready to run as soon as it is created: what executors are given, and not
/// what waits for something, which asio names async_something throughout.
[[nodiscard]] inline bool is_posted(const char* operation) noexcept {
    return *operation != 'a';
}

/// The plain case.
/// @param now ticks
[[gnu::always_inline]] inline void begin_plain_handler(handler_frame& frame, thread_words& thread,
                                                       thread_slot& slot, std::uint64_t now,
                                                       bool timed) noexcept {
    const char* const operation = frame.handler.operation;
    const auto task = frame.handler.task;
    frame.plain = true;
    frame.nested = 0;
    thread.innermost = &frame;
    thread.task = task;
    thread.charged = now;
    slot.show_first(now, frame.handler.object, operation, task);
    if (timed && is_posted(operation)) {
        slot.waited(cycle_clock::between(frame.handler.created, now));
    }
}

[[nodiscard]] inline bool begins_plainly(const thread_slot& slot,
                                         const thread_words& thread) noexcept {
    return slot.owner() == thread.record && thread.innermost == nullptr && thread.task == 0;
}

/// The plain case, of a handler that works for no task.
/// @param now ticks
[[gnu::always_inline]] inline void end_plain_handler(handler_frame& frame, thread_words& thread,
                                                     thread_slot& slot, std::uint64_t now,
                                                     bool timed) noexcept {
    frame.handler.slot = nullptr;
    thread.innermost = nullptr;
    if (timed) {
        slot.ran(cycle_clock::between(frame.nested, now - slot.shown_began()));
    }
    slot.finished();
    slot.show_none();
}

[[nodiscard]] inline bool ends_plainly(const handler_frame& frame,
                                       const thread_words& thread) noexcept {
    return frame.plain && (frame.handler.task | thread.task) == 0;
}

inline void begin_handler(handler_frame& frame) noexcept {
    auto& thread = this_thread;
    auto& slot = *frame.handler.slot;
    const auto clock = cycle_clock::known();
    if (!begins_plainly(slot, thread) || !cycle_clock::is_read_inline(clock)) {
        begin_any_handler(frame);
        return;
    }
    begin_plain_handler(frame, thread, slot, cycle_clock::read_inline(clock),
                        clock == cycle_clock::source::counter);
}

inline void end_handler(handler_frame& frame) noexcept {
    auto& thread = this_thread;
    const auto clock = cycle_clock::known();
    if (!ends_plainly(frame, thread) || !cycle_clock::is_read_inline(clock)) {
        end_any_handler(frame);
        return;
    }
    end_plain_handler(frame, thread, *frame.handler.slot, cycle_clock::read_inline(clock),
                      clock == cycle_clock::source::counter);
}

} // namespace loopmon::measure
