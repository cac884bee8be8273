// SPDX-License-Identifier: MIT
//
// The last stalls of one loop, for those who ask afterwards who it was. Filled from all events of
// the judge, those that the alert budget held back included.
#pragma once

#include "model/status.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace loopmon::model {

class stall_ring {
public:
    /// The oldest stall leaves for the 65th. The bounds of model/bounds.hpp, within
    /// which the watcher makes stacks, allow 16 KiB of them each, a megabyte for the ring of a
    /// loop; what is usual is a tenth of that.
    static constexpr std::size_t capacity = 64;

    /// An episode begins; it lasts from `seen.lag` before now. One that is known already is updated
    /// instead.
    void began(const stall& seen, time_point now, wall_time wall);
    /// A later look at the episode: its lag counts if it is greater, its culprit if it knows one.
    /// An episode that is over, or has left the ring, is not touched.
    void updated(const stall& seen);
    void ended(const recovered& over);

    /// The oldest first. One that is on has lasted until `now`.
    [[nodiscard]] std::vector<stall_status> list(time_point now) const;

private:
    struct entry {
        stall_status status;
        time_point since{};
    };
    [[nodiscard]] entry* find_ongoing(std::uint64_t episode);

    std::deque<entry> entries_;
};

} // namespace loopmon::model
