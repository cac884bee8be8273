// SPDX-License-Identifier: MIT
#pragma once

#include "judge/recurrence.hpp"
#include "model/event.hpp"

namespace loopmon::judge {

/// What is reported of pauses of the process or the machine: the first few one by one, frequent
/// ones (a CPU limiter stops a process several times a second) in summaries. One
/// that is more than twice as long as all of the series before is reported by itself.
class pause_judge {
public:
    /// A pause has ended.
    void paused(time_point now, duration lasted, events& out);
    /// Calls come in order of `now`, with those of paused().
    void step(time_point now, events& out);
    /// When step() is due next; max(): not before the next pause.
    [[nodiscard]] time_point next_check() const { return series_.next_check(); }

private:
    void end_series(time_point now, events& out);

    recurrence series_;
};

} // namespace loopmon::judge
