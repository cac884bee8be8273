// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace loopmond {

/// The candidate that `word` was probably meant to be, or an empty view if none is close: at most a
/// third of its letters are mistyped (an inserted, missing or wrong letter, or two swapped).
std::string_view suggest(std::string_view word, const std::vector<std::string_view>& candidates);

/// What is appended to a message: "; did you mean 'MEANT'?", or nothing if `meant` is empty.
std::string did_you_mean(std::string_view meant);

} // namespace loopmond
