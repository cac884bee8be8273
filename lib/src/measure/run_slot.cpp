// SPDX-License-Identifier: MIT
#include "measure/run_slot.hpp"

#include "measure/cycle_clock.hpp"

#include <new>

namespace loopmon::measure {

run_slot::~run_slot() {
    delete histograms_.load(std::memory_order_acquire);
}

bool run_slot::take(pid_t thread) noexcept {
    pid_t none = 0;
    // What the thread before wrote comes first.
    return thread_.compare_exchange_strong(none, thread, std::memory_order_acquire);
}

void run_slot::give_back() noexcept {
    ran_.store(false, std::memory_order_relaxed);
    thread_.store(0, std::memory_order_release);
}

run_slot::histograms* run_slot::make_histograms() noexcept {
    auto* const records = new (std::nothrow) histograms;
    histograms_.store(records, std::memory_order_release);
    return records;
}

bool run_slot::runs_handlers() const noexcept {
    return thread_.load(std::memory_order_relaxed) != 0 && ran_.load(std::memory_order_relaxed);
}

std::optional<running_handler> run_slot::running() const noexcept {
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

std::uint64_t run_slot::n_ended() const noexcept {
    return finished_.load(std::memory_order_acquire) + threw_.load(std::memory_order_acquire);
}

void run_slot::add_ended_to(handler_totals& totals) const noexcept {
    totals.finished += finished_.load(std::memory_order_acquire);
    totals.threw += threw_.load(std::memory_order_acquire);
    totals.abandoned += abandoned_.load(std::memory_order_acquire);
    totals.busy += nanoseconds(busy_ns_.load(std::memory_order_relaxed));
}

void run_slot::add_queue_delays_to(bucket_counts& sum) const noexcept {
    if (const auto* const records = histograms_.load(std::memory_order_acquire)) {
        sum += records->queue.copy();
    }
}

void run_slot::add_run_times_to(bucket_counts& sum) const noexcept {
    if (const auto* const records = histograms_.load(std::memory_order_acquire)) {
        sum += records->run.copy();
    }
}

} // namespace loopmon::measure
