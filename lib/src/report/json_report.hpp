// SPDX-License-Identifier: MIT
#pragma once

#include "report/model.hpp"

#include <string>

namespace loopmon::report {

/// Everything the D-Bus objects show, as one JSON object: durations in microseconds under the names
/// of the D-Bus properties.
[[nodiscard]] std::string json_report(model& source);

} // namespace loopmon::report
