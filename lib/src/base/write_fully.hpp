// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace loopmon::base {

/// Writes all of it, however often it is interrupted, and in as many parts as it takes. May block.
/// @return whether all is written; else errno says why not
[[nodiscard]] bool write_fully(int fd, std::string_view text) noexcept;

} // namespace loopmon::base
