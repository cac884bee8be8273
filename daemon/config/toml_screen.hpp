// SPDX-License-Identifier: MIT
#pragma once

#include "config/problem.hpp"

#include <optional>
#include <string_view>

namespace loopmond {

/// Finds what toml++ must not see, because it would not survive it: a line longer than 4096 bytes,
/// or a character beyond ASCII outside of strings and comments (where TOML has no use for one).
/// @return the first such place as a syntax error
std::optional<problem> screen_toml(std::string_view text, unsigned source);

/// The place of the last character of `text`, which is not empty.
location end_of(std::string_view text, unsigned source);

} // namespace loopmond
