// SPDX-License-Identifier: MIT
#include "measure/loop_tracking.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/thread_slot.hpp"

#include <new>

namespace loopmon::measure {

namespace {

/// @param head of the list of slots
template <class F>
void each_slot(const std::atomic<thread_slot*>& head, F visit) {
    for (auto* slot = head.load(std::memory_order_acquire); slot != nullptr; slot = slot->next()) {
        visit(*slot);
    }
}

} // namespace

loop_tracking::loop_tracking(bool active) noexcept : active_(active) {}

loop_tracking::~loop_tracking() {
    for (auto* slot = slots_.load(std::memory_order_acquire); slot != nullptr;) {
        const auto* const gone = slot;
        slot = slot->next();
        delete gone;
    }
    delete lag_.load(std::memory_order_acquire);
}

turn_status loop_tracking::turn() const noexcept {
    turn_status seen;
    seen.sequence = turn_.load(std::memory_order_acquire);
    const auto began = turn_began_.load(std::memory_order_acquire);
    const auto ended_before = ended_before_.load(std::memory_order_acquire);
    if (seen.sequence % 2 == 0 || !cycle_clock::timing()) {
        return seen;
    }
    const auto ended = ended_handlers();
    if (turn_.load(std::memory_order_relaxed) != seen.sequence) {
        return seen; // it ended while it was looked at: it is none that lasts
    }
    seen.began = cycle_clock::to_time(began);
    seen.handlers = ended - ended_before;
    return seen;
}

std::vector<running_handler> loop_tracking::running() const {
    std::vector<running_handler> result;
    each_running([&result](const running_handler& seen) { result.push_back(seen); });
    return result;
}

void loop_tracking::visit_running(void (*visit)(void* by, const running_handler& seen),
                                  void* by) const {
    each_slot(slots_, [&](const thread_slot& slot) {
        if (const auto seen = slot.running()) {
            visit(by, *seen);
        }
    });
}

handler_totals loop_tracking::totals() const noexcept {
    handler_totals sum;
    // The ended ones first: one that is seen here was created before, on whichever thread, and is
    // seen below. So the live ones never are fewer than none.
    each_slot(slots_, [&sum](const thread_slot& slot) { slot.add_ended_to(sum); });
    each_slot(slots_, [&sum](const thread_slot& slot) { sum.created += slot.n_created(); });
    return sum;
}

nanoseconds loop_tracking::take_max_turn() noexcept {
    return nanoseconds(max_turn_ns_.exchange(0, std::memory_order_relaxed));
}

lag_time loop_tracking::lag(std::chrono::steady_clock::time_point now) const noexcept {
    const auto* const recorded = lag_.load(std::memory_order_acquire);
    return recorded != nullptr ? recorded->copy(now) : lag_time{};
}

bucket_counts loop_tracking::queue_delays() const noexcept {
    bucket_counts sum;
    each_slot(slots_, [&sum](const thread_slot& slot) { slot.add_queue_delays_to(sum); });
    return sum;
}

std::optional<waited_handler> loop_tracking::take_longest_wait(nanoseconds floor) noexcept {
    std::optional<waited_handler> longest;
    for (auto* slot = slots_.load(std::memory_order_acquire); slot != nullptr;
         slot = slot->next()) {
        const auto waited = slot->take_longest_wait(floor);
        if (waited && (!longest || waited->waited > longest->waited)) {
            longest = waited;
        }
    }
    return longest;
}

bucket_counts loop_tracking::run_times() const noexcept {
    bucket_counts sum;
    each_slot(slots_, [&sum](const thread_slot& slot) { slot.add_run_times_to(sum); });
    return sum;
}

unsigned loop_tracking::threads() const noexcept {
    unsigned count = 0;
    each_slot(slots_, [&count](const thread_slot& slot) { count += slot.runs_handlers() ? 1 : 0; });
    return count;
}

void loop_tracking::exclude_turn(std::uint64_t sequence) noexcept {
    excluded_.store(sequence, std::memory_order_relaxed);
}

thread_slot* loop_tracking::slot_for(pid_t thread) noexcept {
    auto* head = slots_.load(std::memory_order_acquire);
    for (auto* slot = head; slot != nullptr; slot = slot->next()) {
        if (slot->take(thread)) {
            return slot;
        }
    }
    auto* const added = new (std::nothrow) thread_slot(*this);
    if (added == nullptr) {
        return nullptr;
    }
    static_cast<void>(added->take(thread));
    do {
        added->set_next(head);
    } while (!slots_.compare_exchange_weak(head, added, std::memory_order_release,
                                           std::memory_order_acquire));
    return added;
}

void loop_tracking::watch_turns() {
    if (lag_.load(std::memory_order_relaxed) != nullptr) {
        return; // watched before, by another monitor
    }
    auto added = std::make_unique<turn_lag>();
    turn_lag* none = nullptr;
    if (lag_.compare_exchange_strong(none, added.get(), std::memory_order_release)) {
        static_cast<void>(added.release());
    }
}

void loop_tracking::begin_turn(std::uint64_t ticks, const polled_batch& batch) noexcept {
    auto sequence = turn_.load(std::memory_order_relaxed);
    auto* const recorded = lag_.load(std::memory_order_acquire);
    if (sequence % 2 != 0) {
        sequence += 1; // its end was not seen: it began before the loop was watched again
        turn_.store(sequence, std::memory_order_relaxed);
        if (recorded != nullptr) {
            recorded->skip(ticks);
        }
    }
    if (recorded != nullptr) {
        recorded->begin(ticks, batch);
    }
    // As in thread_slot::show().
    turn_began_.store(ticks, std::memory_order_release);
    ended_before_.store(ended_handlers(), std::memory_order_release);
    turn_.store(sequence + 1, std::memory_order_release);
}

void loop_tracking::end_turn(std::uint64_t ticks) noexcept {
    const auto sequence = turn_.load(std::memory_order_relaxed);
    if (sequence % 2 == 0) {
        return; // the first poll, or another thread still polls: user code on asio's descriptor
    }
    const auto began = turn_began_.load(std::memory_order_relaxed);
    const auto length = cycle_clock::between(began, ticks).count();
    turn_.store(sequence + 1, std::memory_order_release);
    auto* const recorded = lag_.load(std::memory_order_acquire);
    if (recorded == nullptr) {
        return;
    }
    if (sequence == excluded_.load(std::memory_order_relaxed)) {
        recorded->skip(ticks);
        return;
    }
    const auto handlers = ended_handlers() - ended_before_.load(std::memory_order_relaxed);
    const auto lag = recorded->end(ticks, handlers).count();
    ended_turns_.note(sequence, began, ticks, length);
    // As in lag_gauge::complete(): a maximum that is taken meanwhile is not lost.
    if (lag > max_turn_ns_.load(std::memory_order_relaxed)) {
        max_turn_ns_.store(lag, std::memory_order_relaxed);
    }
}

std::uint64_t loop_tracking::ended_handlers() const noexcept {
    std::uint64_t sum = 0;
    each_slot(slots_, [&sum](const thread_slot& slot) { sum += slot.n_ended(); });
    return sum;
}

} // namespace loopmon::measure
