// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace loopmon::stack {

/// What a thread was executing at one moment.
struct captured_stack {
    /// Innermost first. The first is the interrupted instruction; the others lie inside the call
    /// instruction (return address less one), so that each belongs to the line that is running and
    /// not to the one after it. Empty if no stack could be had.
    std::vector<std::uintptr_t> frames;
    /// What the reader must know to believe it, e.g. why there is no stack; mostly empty.
    std::string remark;
    /// The handler that was to be caught ended before the stack was complete: the frames show
    /// whatever came after it.
    bool stale = false;
    /// There are outer frames beyond the limit.
    bool truncated = false;
    /// Why the outer frames are missing, where they could not be found; mostly empty.
    std::string ends = {};
};

} // namespace loopmon::stack
