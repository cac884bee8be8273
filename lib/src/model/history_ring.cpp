// SPDX-License-Identifier: MIT
#include "model/history_ring.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace loopmon::model {

history_ring::compact history_ring::packed(const history_entry& second) noexcept {
    using namespace std::chrono;
    const auto lag = std::clamp(second.lag_max, duration::zero(), max_lag);
    const auto when = std::clamp(second.when, wall_time(), last_time).time_since_epoch();
    // The masks change nothing; they show the compiler that the bit-fields hold what they get.
    return {.lag_us = static_cast<std::uint32_t>(duration_cast<microseconds>(lag).count()),
            .active = static_cast<std::uint32_t>(std::min(second.active_tasks, max_active)),
            .when_ms = static_cast<std::uint64_t>(duration_cast<milliseconds>(when).count()) &
                       0x3ff'ffff'ffff,
            .pending = std::min(second.pending, max_pending) & max_pending};
}

history_entry history_ring::unpacked(const compact& second) noexcept {
    return {.when = wall_time(std::chrono::milliseconds(second.when_ms)),
            .lag_max = std::chrono::microseconds(second.lag_us),
            .active_tasks = second.active,
            .pending = second.pending};
}

void history_ring::step(time_point now, wall_time wall, duration lag_max, std::uint64_t active,
                        std::uint64_t pending) {
    lag_max_ = std::max(lag_max_, lag_max);
    if (!due_) {
        due_ = now + entry_length;
    }
    if (now < *due_) {
        return;
    }
    const bool on_time = now < *due_ + entry_length;
    due_ = (on_time ? *due_ : now) + entry_length;
    entries_.push_back(packed({.when = wall,
                               .lag_max = std::exchange(lag_max_, duration::zero()),
                               .active_tasks = active,
                               .pending = pending}));
    if (entries_.size() > capacity) {
        entries_.pop_front();
    }
}

std::vector<history_entry> history_ring::list(std::size_t most) const {
    const auto count = std::min(most, entries_.size());
    std::vector<history_entry> out;
    out.reserve(count);
    std::transform(entries_.end() - static_cast<std::ptrdiff_t>(count), entries_.end(),
                   std::back_inserter(out), &unpacked);
    return out;
}

} // namespace loopmon::model
