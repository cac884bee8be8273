// SPDX-License-Identifier: MIT
//
// Why is the loop late? Decided from what its thread did between two looks, both taken while the
// loop was late: how much of that time it ran, waited for a CPU, or slept, and what it is in.
// The wall clock says *that* a loop is late, the thread's CPU time says *why*: a CPU-time clock
// alone would not see a blocking call, a wall clock alone would blame a program for a machine that
// is short of CPU.
//
// Evidence decides, its absence does not. Each source may be missing (no /proc, an old kernel);
// then the answer is cause::unknown, which trips, and neither a cause that exempts nor a guess:
// time in which a thread did not run is sleep if it was seen asleep, and a wait for a CPU if it was
// seen ready and cannot have slept.
#pragma once

#include "model/level.hpp"
#include "model/stall_evidence.hpp"

namespace loopmon::judge {

/// Never cause::none: the loop is late, whoever asks. cause::unknown if the evidence does not say.
/// From one look alone, `cpu` and `starved` cannot be distinguished and are never the answer.
[[nodiscard]] cause classify(const stall_evidence& seen);

} // namespace loopmon::judge
