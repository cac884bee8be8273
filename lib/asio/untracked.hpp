// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/loopmon.h>

namespace loopmon::detail {

/// In its scope the thread creates handlers of the monitor itself: they are neither counted nor
/// timed, and belong to no task.
class untracked {
public:
    untracked() noexcept { loopmon_untracked_begin(); }
    ~untracked() { loopmon_untracked_end(); }
    untracked(const untracked&) = delete;
    untracked& operator=(const untracked&) = delete;
};

} // namespace loopmon::detail
