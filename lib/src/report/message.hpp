// SPDX-License-Identifier: MIT
//
// Words for events: what a person reads and what a program filters by (DESIGN: "Journal"). Pure.
#pragma once

#include "model/bounds.hpp"
#include "model/event.hpp"
#include "model/log_settings.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace loopmon::report {

/// A journal record without its source location.
struct record {
    priority severity = priority::info;
    std::string_view event = {};      ///< LOOPMON_EVENT; empty for a plain message
    std::string_view message_id = {}; ///< 32 hexadecimal digits; empty for a plain message
    std::string text = {};            ///< one line, enough to act on; also a status and a reason
    /// Names with their LOOPMON_; an empty value is not written.
    std::vector<std::pair<std::string_view, std::string>> fields = {};
    std::string details = {}; ///< further lines of MESSAGE, below the text
};

/// All parts of a record within the bounds of model/bounds.hpp.
[[nodiscard]] record bounded(record entry);
using model::bounded;

/// Within those bounds, whatever names and errors the event has.
[[nodiscard]] record render(const model::event& happened);

/// For people: "512ms", "1.5s", "3min 20s". Three significant digits at least.
[[nodiscard]] std::string human(model::duration value);

} // namespace loopmon::report
