// SPDX-License-Identifier: MIT
#pragma once

#include "model/program.hpp"

#include <string>

namespace loopmon::model {

/// What the D-Bus objects show, as one JSON object: durations in microseconds under the names of
/// the D-Bus properties. Of each loop the last eight stalls, the last minute, and the oldest 1000
/// tasks; if there are many loops, those at the end come without lists and have `Truncated`.
/// `LastTrip` is the flight record of the last trip, or null. Every character may leave the process
/// (base/utf8.hpp).
[[nodiscard]] std::string json_report(queries& source);

} // namespace loopmon::model
