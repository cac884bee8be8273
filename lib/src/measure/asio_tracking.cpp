// SPDX-License-Identifier: MIT
#include <loopmon/asio_tracking.hpp>

#include "measure/cycle_clock.hpp"
#include "measure/hooks.hpp"
#include "measure/loop_state.hpp"
#include "measure/thread_record.hpp"

#include <new>
#include <optional>

namespace loopmon::tracking {

using measure::cycle_clock;
using measure::thread_record;

namespace {

/// Whether a handler is ready to run as soon as it is created: what executors are given, and not
/// what waits for something, which asio names async_something throughout.
bool is_posted(const char* operation) noexcept {
    return *operation != 'a';
}

/// Of the present thread in the loop of the context. Null: out of memory.
measure::run_slot* slot_of(boost::asio::execution_context& context) noexcept {
    auto* const thread = thread_record::mine();
    if (thread == nullptr) {
        return nullptr;
    }
    auto* const slot = thread->slot_of(&context);
    if (slot != nullptr) {
        return slot;
    }
    try {
        return thread->settle(&context, measure::state_of(context)->shared_tracking());
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

} // namespace

void created(boost::asio::execution_context& context, tracked_handler& handler, const char* object,
             const void* /*instance*/, std::uintmax_t /*native*/, const char* operation) noexcept {
    if (measure::own_work::is_on()) {
        return;
    }
    auto* const slot = slot_of(context);
    if (slot == nullptr) {
        return;
    }
    const auto task = measure::current_task();
    handler.words_ = {&slot->loop(), cycle_clock::now(), object, operation, task};
    slot->created();
    measure::task_handler_created(task);
}

void completion::begin() noexcept {
    auto* const thread = thread_record::mine();
    slot_ = thread != nullptr ? thread->slot_in(*handler_.loop) : nullptr;
    if (slot_ == nullptr) {
        // Out of memory: it stays among the live ones of the loop, but not of its task.
        measure::task_handler_closed(handler_.task);
        phase_ = phase::over;
        return;
    }
    phase_ = phase::running;
    outer_ = thread->innermost;
    nested_ = 0;
    began_ = cycle_clock::now();
    if (outer_ != nullptr) {
        thread->charge_task(began_);
    } else {
        thread->charged = began_;
    }
    thread->innermost = this;
    thread->shown = slot_;
    outer_task_ = measure::current_task();
    measure::set_current_task(handler_.task);
    std::optional<measure::nanoseconds> waited;
    if (is_posted(handler_.operation) && cycle_clock::timing()) {
        waited = cycle_clock::between(handler_.created, began_);
    }
    const measure::shown_handler shown{began_, handler_.object, handler_.operation, handler_.task};
    slot_->began(waited);
    if (waited) {
        slot_->waited(*waited, shown);
    }
    slot_->show(shown);
}

void completion::end() noexcept {
    leave(false);
}

void completion::close() noexcept {
    if (phase_ == phase::running) {
        leave(true);
        return;
    }
    auto* const thread = thread_record::mine();
    auto* const slot = thread != nullptr ? thread->slot_in(*handler_.loop) : nullptr;
    if (slot != nullptr) {
        slot->abandoned();
    }
    measure::task_handler_closed(handler_.task);
    phase_ = phase::over;
}

void completion::leave(bool threw) noexcept {
    auto* const thread = thread_record::mine_if_any();
    const auto now = cycle_clock::now();
    const auto took = now - began_;
    slot_->ended(threw, cycle_clock::between(nested_, took));
    thread->charge_task(now);
    measure::set_current_task(outer_task_);
    measure::task_handler_closed(handler_.task);
    thread->innermost = outer_;
    thread->shown = nullptr;
    if (outer_ != nullptr) {
        thread->shown = outer_->slot_;
        outer_->nested_ += took;
    }
    phase_ = phase::over;

    // What the watcher sees of this loop now: the handler around this one that is of it, too.
    const completion* around = outer_;
    while (around != nullptr && around->slot_ != slot_) {
        around = around->outer_;
    }
    if (around != nullptr) {
        // The task of the handler right around this one may have been another than it began with.
        slot_->show({around->began_, around->handler_.object, around->handler_.operation,
                     around == outer_ ? outer_task_ : around->handler_.task});
    } else {
        slot_->show_none();
    }
}

} // namespace loopmon::tracking
