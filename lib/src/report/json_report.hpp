// SPDX-License-Identifier: MIT
#pragma once

#include "report/model.hpp"

#include <string>

namespace loopmon::report {

/// What the D-Bus objects show, as one JSON object: durations in microseconds under the names of
/// the D-Bus properties. Of each loop the last eight stalls and the last minute; `LastTrip` is the
/// flight record of the last trip, or null.
[[nodiscard]] std::string json_report(model& source);

} // namespace loopmon::report
