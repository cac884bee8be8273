// SPDX-License-Identifier: MIT
#include "measure/polled_loops.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/loop_tracking.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include <sys/epoll.h>

namespace loopmon::measure {

namespace {

/// The watched loops by their descriptor. Of these half a million bytes only the pages with a
/// descriptor in use take memory. A greater descriptor has no turns.
constexpr std::size_t max_descriptors = 65536;
constinit std::array<std::atomic<loop_tracking*>, max_descriptors> polled_loops{};

std::atomic<loop_tracking*>* entry_of(int descriptor) noexcept {
    const auto index = static_cast<std::size_t>(descriptor); // of -1: too great
    return index < max_descriptors ? &polled_loops[index] : nullptr;
}

} // namespace

void watch_polls(int descriptor, loop_tracking& loop) {
    if (auto* const entry = entry_of(descriptor)) {
        loop.watch_turns();
        loop.polled.store(descriptor, std::memory_order_relaxed);
        entry->store(&loop, std::memory_order_release);
    }
}

void forget_polls(loop_tracking& loop) noexcept {
    if (auto* const entry = entry_of(loop.polled.exchange(-1, std::memory_order_relaxed))) {
        entry->store(nullptr, std::memory_order_relaxed);
    }
}

int poll(int descriptor, epoll_event* events, int most, int timeout, epoll_function real) noexcept {
    const auto* const entry = entry_of(descriptor);
    auto* const loop = entry != nullptr ? entry->load(std::memory_order_acquire) : nullptr;
    if (loop == nullptr) {
        return real(descriptor, events, most, timeout);
    }
    loop->end_turn(cycle_clock::recent()); // where reading is costly, that of the last handler
    polled_batch batch;
    batch.may_sleep = timeout != 0;
    int count = real(descriptor, events, most, timeout);
    batch.full = count == most;
    if (loop->probe.is_set()) {
        batch.before_probe = loop->probe.take_from(events, count);
        if (!batch.before_probe && !batch.full) {
            loop->probe.lost();
        }
        if (batch.before_probe && count == 0 && timeout != 0) {
            // It came alone, and at once. The program goes on waiting for what it waits for.
            batch.events = 0;
            loop->begin_turn(cycle_clock::now(), batch);
            loop->end_turn(cycle_clock::now());
            batch.before_probe.reset();
            count = real(descriptor, events, most, timeout);
            batch.full = count == most;
        }
    }
    batch.events = count;
    batch.probe_set = batch.full && !loop->probe.is_set() && loop->probe.set(descriptor);
    loop->begin_turn(cycle_clock::now(), batch); // leaves errno as it is
    return count;
}

} // namespace loopmon::measure
