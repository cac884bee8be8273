// SPDX-License-Identifier: MIT
//
// The lag that work arriving at a random moment would have met, exactly: work that arrives in a
// turn of d waits for the rest of it, d..0, and other work does not wait.
//
// What is left of a long turn must be known as well as the turn, and a bucket tells its length to
// 1.1 % only. So a turn is recorded as 64 shares in the two buckets whose middles are next to it,
// such that their mean is its length; that leaves an error of 0.03 %.
#pragma once

#include "measure/histogram.hpp"

namespace loopmon::measure {

/// Adds a turn that ended. Wait-free; the writer of the histogram.
void record_turn(histogram& turns, nanoseconds length) noexcept;

/// The same for a copy of it: a turn that is still on.
void add_turn(bucket_counts& turns, nanoseconds length) noexcept;

/// @param turns   that record_turn() added in some time
/// @param elapsed how long that was, without a turn that is still on
/// @return microseconds of that time by the lag of work that arrived then, so that a percentile of
///         it is one of the lag
[[nodiscard]] bucket_counts lag_of_turns(const bucket_counts& turns, nanoseconds elapsed) noexcept;

} // namespace loopmon::measure
