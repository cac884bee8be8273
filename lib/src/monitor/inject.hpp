// SPDX-License-Identifier: MIT
#pragma once

#include "measure/loop_state.hpp"

#include <chrono>
#include <string_view>

namespace loopmon {

/// Stalls a loop for real, with its own handlers, for those who test their alerting:
/// `cpu` burns its thread, `sleep` blocks it, `congestion` queues many short handlers.
/// @return false for another kind; a loop that is gone is left in peace
bool inject(measure::loop_state& loop, std::string_view kind, std::chrono::nanoseconds length);

} // namespace loopmon
