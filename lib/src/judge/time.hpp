// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>

namespace loopmon::judge {

/// CLOCK_MONOTONIC. The judge receives points in time and never reads a clock.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::nanoseconds;
/// CLOCK_REALTIME, only ever a label for a person.
using wall_time = std::chrono::system_clock::time_point;

} // namespace loopmon::judge
