// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace loopmon {

/// The version of these headers; CMake reads it from here.
inline constexpr std::string_view version = "0.1.0";

} // namespace loopmon
