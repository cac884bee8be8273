// SPDX-License-Identifier: MIT
#include "report/history_ring.hpp"

#include <algorithm>
#include <utility>

namespace loopmon::report {

void history_ring::step(judge::time_point now, wall_time wall, duration lag_max,
                        std::uint64_t active, std::uint64_t pending) {
    lag_max_ = std::max(lag_max_, lag_max);
    if (!due_) {
        due_ = now + entry_length;
    }
    if (now < *due_) {
        return;
    }
    const bool on_time = now < *due_ + entry_length;
    due_ = (on_time ? *due_ : now) + entry_length;
    entries_.push_back({.when = wall,
                        .lag_max = std::exchange(lag_max_, duration::zero()),
                        .active_tasks = active,
                        .pending = pending});
    if (entries_.size() > capacity) {
        entries_.pop_front();
    }
}

std::vector<history_entry> history_ring::list(std::size_t most) const {
    const auto count = std::min(most, entries_.size());
    return {entries_.end() - static_cast<std::ptrdiff_t>(count), entries_.end()};
}

} // namespace loopmon::report
