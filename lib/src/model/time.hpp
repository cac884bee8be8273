// SPDX-License-Identifier: MIT
#pragma once

#include "model/vocabulary.hpp"

#include <chrono>

namespace loopmon::model {

/// CLOCK_MONOTONIC.
using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::nanoseconds;
/// CLOCK_REALTIME, only ever a label for a person.
using wall_time = std::chrono::system_clock::time_point;

} // namespace loopmon::model
