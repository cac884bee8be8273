// SPDX-License-Identifier: MIT
#include "bus/stall_signals.hpp"

#include <algorithm>

namespace loopmon::bus {

/// @return whether none is open afterwards
bool stall_signals::signal_end(std::span<const stall_status> stalls, const send& ended) {
    if (!open_) {
        return true;
    }
    const auto now = std::find_if(stalls.begin(), stalls.end(), [this](const stall_status& stall) {
        return stall.id == open_->id;
    });
    // One that is not there any more has ended, and left the ring meanwhile; how long it lasted is
    // known as of the last look.
    const bool is_there = now != stalls.end();
    if (is_there) {
        open_ = *now;
        open_->culprit.stack.clear(); // not signalled
    }
    if ((is_there && open_->ongoing) || !ended(*open_)) {
        return false;
    }
    open_.reset();
    return true;
}

void stall_signals::update(std::span<const stall_status> stalls, const send& began,
                           const send& ended) {
    if (!signal_end(stalls, ended)) {
        return;
    }
    for (const auto& stall : stalls) {
        if (stall.id <= last_began_) {
            continue;
        }
        if (!began(stall)) {
            return;
        }
        last_began_ = stall.id;
        open_ = stall;
        if (!signal_end(stalls, ended)) {
            return;
        }
    }
}

} // namespace loopmon::bus
