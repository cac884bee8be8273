// SPDX-License-Identifier: MIT
//
// What to say of a key that does not exist: what could stand there, and what was probably meant. A
// mistyped threshold must not pass in silence, and should not take a look into the manual.
#pragma once

#include <string>
#include <string_view>

namespace loopmond {

bool is_section(std::string_view name);

/// @param kind "key" or "table"
std::string unknown_at_top(std::string_view name, std::string_view kind);
std::string unknown_in_section(std::string_view section, std::string_view name);
std::string unknown_in_service(std::string_view name);

} // namespace loopmond
