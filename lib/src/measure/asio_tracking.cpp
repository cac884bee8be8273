// SPDX-License-Identifier: MIT
#include <loopmon/asio_tracking.hpp>

#include "measure/cycle_clock.hpp"
#include "measure/handler_path.hpp"
#include "measure/hooks.hpp"
#include "measure/loop_state.hpp"
#include "measure/thread_record.hpp"

#include <new>

namespace loopmon::tracking {

using measure::cycle_clock;
using measure::thread_record;

namespace {

/// Of the present thread in the loop of the context. Null: out of memory.
measure::run_slot* slot_in(boost::asio::execution_context& context) noexcept {
    auto* const thread = thread_record::mine();
    if (thread == nullptr) {
        return nullptr;
    }
    if (auto* const slot = thread->slot_of(&context)) {
        return slot;
    }
    try {
        return thread->settle(&context, measure::state_of(context)->shared_tracking());
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

[[gnu::noinline]] void created_anywhere(boost::asio::execution_context& context,
                                        measure::handler_words& words, const char* object,
                                        const char* operation) noexcept {
    if (measure::own_work::is_on()) {
        return;
    }
    if (auto* const slot = slot_in(context)) {
        measure::create_handler(*slot, words, object, operation, cycle_clock::recent());
    }
}

} // namespace

void created(boost::asio::execution_context& context, measure::handler_words& words,
             const char* object, const char* operation) noexcept {
    const auto clock = cycle_clock::known();
    if (!thread_record::found_last(&context) || // nor is own work on
        !cycle_clock::is_read_inline(clock)) {
        created_anywhere(context, words, object, operation);
        return;
    }
    measure::create_handler(*measure::this_thread.slot, words, object, operation,
                            cycle_clock::read_inline(clock));
}

void begin(measure::handler_frame& frame) noexcept {
    measure::begin_handler(frame);
}

void end(measure::handler_frame& frame) noexcept {
    measure::end_handler(frame);
}

void close(measure::handler_frame& frame) noexcept {
    measure::close_handler(frame);
}

} // namespace loopmon::tracking
