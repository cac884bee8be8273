// SPDX-License-Identifier: MIT
//
// Words for events: what a person reads and what a program filters by (DESIGN: "Journal"). Pure.
#pragma once

#include "model/event.hpp"
#include "report/record.hpp"

namespace loopmon::report {

/// Within the bounds of model/bounds.hpp, whatever names and errors the event has.
[[nodiscard]] record render(const model::event& happened);

} // namespace loopmon::report
