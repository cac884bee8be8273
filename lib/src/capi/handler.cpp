// SPDX-License-Identifier: MIT
//
// loopmon.h: handlers. What the program has room for is measure's own structures. The plain case is
// inline here, see measure/handler_path.hpp.
#include "capi/loop_handle.hpp"
#include "measure/cycle_clock.hpp"
#include "measure/handler_path.hpp"
#include "measure/hooks.hpp"
#include "measure/thread_record.hpp"

#include <cstddef>
#include <memory>
#include <type_traits>

using namespace loopmon;
using measure::cycle_clock;
using measure::handler_frame;
using measure::handler_tag;
using measure::thread_record;

static_assert(sizeof(loopmon_handler) >= sizeof(handler_tag) &&
              alignof(loopmon_handler) == alignof(handler_tag) &&
              offsetof(loopmon_handler, slot) == offsetof(handler_tag, slot) &&
              std::is_trivial_v<handler_tag>);
static_assert(sizeof(loopmon_run) >= sizeof(handler_frame) &&
              alignof(loopmon_run) == alignof(handler_frame) &&
              offsetof(loopmon_run, handler) == offsetof(handler_frame, handler) &&
              std::is_trivial_v<handler_frame>);

namespace {

handler_tag& words_of(loopmon_handler* handler) noexcept {
    return *reinterpret_cast<handler_tag*>(handler);
}

handler_frame& frame_of(loopmon_run* run) noexcept {
    return *reinterpret_cast<handler_frame*>(run);
}

/// Of the present thread, in the loop of a context. Null: out of memory.
template <class LoopOf>
measure::thread_slot* slot_in(void* context, const LoopOf& loop_of) noexcept {
    auto* const thread = thread_record::mine();
    if (thread == nullptr) {
        return nullptr;
    }
    if (auto* const slot = thread->slot_of(context)) {
        return slot;
    }
    auto* const loop = loop_of(context);
    return loop != nullptr ? thread->settle(context, loop->state->shared_tracking()) : nullptr;
}

[[gnu::noinline]] void created_anywhere(loopmon_handler* handler, void* context,
                                        loopmon_loop* (*loop_of)(void* context), const char* object,
                                        const char* operation) noexcept {
    handler->slot = nullptr;
    if (measure::untracked_scope::is_on()) {
        return;
    }
    if (auto* const slot = slot_in(context, loop_of)) {
        measure::create_handler(*slot, words_of(handler), object, operation, cycle_clock::recent());
    }
}

} // namespace

void loopmon_handler_created(loopmon_handler* handler, void* context,
                             loopmon_loop* (*loop_of)(void* context), const char* object,
                             const char* operation) noexcept {
    const auto clock = cycle_clock::known();
    if (!thread_record::found_last(context) || // nor is own work on
        !cycle_clock::is_read_inline(clock)) {
        created_anywhere(handler, context, loop_of, object, operation);
        return;
    }
    measure::create_handler(*measure::this_thread.slot, words_of(handler), object, operation,
                            cycle_clock::read_inline(clock));
}

void loopmon_run_begin(loopmon_run* run) noexcept {
    measure::begin_handler(frame_of(run));
}

void loopmon_run_end(loopmon_run* run) noexcept {
    measure::end_handler(frame_of(run));
}

void loopmon_run_close(loopmon_run* run) noexcept {
    measure::close_handler(frame_of(run));
}

void loopmon_handler_begin(loopmon_loop* loop, loopmon_run* run, const char* name,
                           std::uint64_t task) noexcept {
    run->handler.slot = nullptr;
    if (loop == nullptr) {
        return;
    }
    auto* const slot =
        slot_in(loop, [](void* itself) { return static_cast<loopmon_loop*>(itself); });
    if (slot == nullptr) {
        return;
    }
    auto& words = words_of(&run->handler);
    measure::create_handler(*slot, words, name != nullptr ? name : "", measure::no_operation,
                            cycle_clock::recent(), task);
    measure::begin_handler(frame_of(run));
}

void loopmon_handler_end(loopmon_run* run) noexcept {
    if (run->handler.slot != nullptr) {
        measure::end_handler(frame_of(run));
    }
}
