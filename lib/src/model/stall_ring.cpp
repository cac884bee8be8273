// SPDX-License-Identifier: MIT
#include "model/stall_ring.hpp"

#include "model/bounds.hpp"

#include <algorithm>

namespace loopmon::model {

namespace {

bool knows_anything(const culprit& who) {
    return !who.handler.empty() || !who.task.empty() || !who.syscall.empty() || !who.stack.empty();
}

/// A later look that finds nothing does not take back what an earlier one found.
void learn(stall_status& known, const stall& seen) {
    known.peak = std::max(known.peak, seen.lag);
    if (is_evident(seen.cause)) {
        known.cause = seen.cause;
    }
    if (knows_anything(seen.culprit)) {
        known.culprit = bounded(seen.culprit);
    }
}

} // namespace

stall_ring::entry* stall_ring::find_ongoing(std::uint64_t episode) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [episode](const entry& candidate) {
            return candidate.status.id == episode && candidate.status.ongoing;
        });
    return found == entries_.end() ? nullptr : &*found;
}

void stall_ring::began(const stall& seen, time_point now, wall_time wall) {
    auto* known = find_ongoing(seen.episode);
    if (known == nullptr) {
        const auto wall_lag = std::chrono::duration_cast<wall_time::duration>(seen.lag);
        known = &entries_.emplace_back(
            entry{{.id = seen.episode, .began = wall - wall_lag}, now - seen.lag});
        known->status.culprit = bounded(seen.culprit);
    }
    learn(known->status, seen);
    if (entries_.size() > capacity) {
        entries_.pop_front();
    }
}

void stall_ring::updated(const stall& seen) {
    if (auto* const known = find_ongoing(seen.episode)) {
        learn(known->status, seen);
    }
}

void stall_ring::ended(const recovered& over) {
    if (auto* const known = find_ongoing(over.episode)) {
        known->status.ongoing = false;
        known->status.lasted = over.lasted;
        known->status.peak = std::max(known->status.peak, over.peak);
        known->status.cause = over.cause;
    }
}

std::vector<stall_status> stall_ring::list(time_point now) const {
    std::vector<stall_status> out;
    out.reserve(entries_.size());
    for (const auto& [status, since] : entries_) {
        auto& copy = out.emplace_back(status);
        if (copy.ongoing) {
            copy.lasted = now - since;
        }
    }
    return out;
}

} // namespace loopmon::model
