// SPDX-License-Identifier: MIT
#pragma once

#include "model/bounds.hpp"
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

} // namespace loopmon::report
