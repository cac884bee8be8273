// SPDX-License-Identifier: MIT
#include "measure/thread_slot.hpp"

#include "measure/cycle_clock.hpp"

#include <new>

namespace loopmon::measure {

namespace {

/// The owner of a slot that has none: no thread has this address as its record's.
const thread_record* nobody() noexcept {
    static constexpr char place = 0;
    return reinterpret_cast<const thread_record*>(&place);
}

} // namespace

thread_slot::thread_slot(loop_tracking& loop) noexcept : owner_(nobody()), loop_(loop) {}

thread_slot::~thread_slot() {
    delete histograms_.load(std::memory_order_acquire);
}

bool thread_slot::take(pid_t thread) noexcept {
    pid_t none = 0;
    // What the thread before wrote comes first.
    return thread_.compare_exchange_strong(none, thread, std::memory_order_acquire);
}

void thread_slot::set_owner(const thread_record* owner) noexcept {
    if (owner != nullptr && records() == nullptr) {
        histograms_.store(new (std::nothrow) histograms, std::memory_order_release);
    }
    owner_.store(owner != nullptr ? owner : nobody(), std::memory_order_relaxed);
}

void thread_slot::give_back() noexcept {
    set_owner(nullptr);
    taken_at_.store(sequence_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    thread_.store(0, std::memory_order_release);
}

shown_handler thread_slot::shown() const noexcept {
    return {began_.load(std::memory_order_relaxed), object_.load(std::memory_order_relaxed),
            operation_.load(std::memory_order_relaxed), task_.load(std::memory_order_relaxed)};
}

void thread_slot::show(const shown_handler& handler) noexcept {
    if (shows()) {
        show_none();
    }
    show_first(handler);
}

bool thread_slot::runs_handlers() const noexcept {
    return thread_.load(std::memory_order_relaxed) != 0 &&
           sequence_.load(std::memory_order_relaxed) != taken_at_.load(std::memory_order_relaxed);
}

std::optional<running_handler> thread_slot::running() const noexcept {
    const auto sequence = sequence_.load(std::memory_order_acquire);
    if (sequence % 2 == 0) {
        return std::nullopt;
    }
    running_handler seen;
    seen.thread = thread_.load(std::memory_order_acquire);
    seen.sequence = sequence;
    const auto began = began_.load(std::memory_order_acquire);
    seen.object = object_.load(std::memory_order_acquire);
    seen.operation = operation_.load(std::memory_order_acquire);
    seen.task = task_.load(std::memory_order_acquire);
    if (sequence_.load(std::memory_order_relaxed) != sequence) {
        return std::nullopt; // it ended while it was looked at: it is none that lasts
    }
    seen.began = cycle_clock::to_time(began);
    return seen;
}

void thread_slot::note_wait(nanoseconds length) noexcept {
    const auto handler = shown();
    // As in turn_log::keep().
    waits_.store(0, std::memory_order_relaxed);
    wait_ns_.store(length.count(), std::memory_order_release);
    wait_ended_.store(handler.began, std::memory_order_release);
    wait_object_.store(handler.object, std::memory_order_release);
    wait_operation_.store(handler.operation, std::memory_order_release);
    wait_task_.store(handler.task, std::memory_order_release);
    waits_.store(++n_waits_, std::memory_order_release);
    longest_wait_ns_.store(length.count(), std::memory_order_release);
}

std::optional<waited_handler> thread_slot::take_longest_wait(nanoseconds floor) noexcept {
    auto longest = longest_wait_ns_.load(std::memory_order_acquire);
    const auto number = waits_.load(std::memory_order_acquire);
    waited_handler seen;
    seen.waited = nanoseconds(wait_ns_.load(std::memory_order_acquire));
    const auto ended = wait_ended_.load(std::memory_order_acquire);
    seen.object = wait_object_.load(std::memory_order_acquire);
    seen.operation = wait_operation_.load(std::memory_order_acquire);
    seen.task = wait_task_.load(std::memory_order_acquire);
    const bool is_whole = number != 0 && waits_.load(std::memory_order_relaxed) == number;
    const bool is_nothing = longest == never || (is_whole && number == taken_wait_);
    if (!is_whole && !is_nothing) {
        return std::nullopt; // it is being written; the next look has it
    }
    // Fails if a longer one has been noted meanwhile: that one is for the next look.
    longest_wait_ns_.compare_exchange_strong(longest, floor.count(), std::memory_order_relaxed);
    if (is_nothing || seen.waited <= floor) {
        return std::nullopt;
    }
    taken_wait_ = number;
    seen.began = cycle_clock::to_time(ended);
    return seen;
}

std::uint64_t thread_slot::n_ended() const noexcept {
    return finished_.load(std::memory_order_acquire) + threw_.load(std::memory_order_acquire);
}

void thread_slot::add_ended_to(handler_totals& totals) const noexcept {
    totals.finished += finished_.load(std::memory_order_acquire);
    totals.threw += threw_.load(std::memory_order_acquire);
    totals.abandoned += abandoned_.load(std::memory_order_acquire);
    totals.busy += nanoseconds(busy_ns_.load(std::memory_order_relaxed));
}

void thread_slot::add_queue_delays_to(bucket_counts& sum) const noexcept {
    if (const auto* const records = histograms_.load(std::memory_order_acquire)) {
        sum += records->queue.copy();
    }
}

void thread_slot::add_run_times_to(bucket_counts& sum) const noexcept {
    if (const auto* const records = histograms_.load(std::memory_order_acquire)) {
        sum += records->run.copy();
    }
}

} // namespace loopmon::measure
