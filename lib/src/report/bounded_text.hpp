// SPDX-License-Identifier: MIT
//
// Names come from users and symbols from templates: neither is bounded nor necessarily text. D-Bus
// closes the connection of who sends bytes that are no UTF-8, JSON files with them are not read
// back, and one name of a coroutine in a template can fill a page.
#pragma once

#include "judge/event.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon::report {

/// As many as the stack catcher takes, and a remark.
inline constexpr std::size_t most_frames = 65;
/// The function at the beginning and the place at the end of a frame are worth reading; what is
/// between them is template arguments.
inline constexpr std::size_t longest_frame = 240;
/// Names of handlers, tasks, files.
inline constexpr std::size_t longest_name = 160;

/// One line of valid UTF-8: control characters and bytes that are no part of a character become
/// '?', and what is over `most` bytes is cut out of the middle and replaced by "...".
/// @param most at least 16
[[nodiscard]] std::string bounded_text(std::string_view text, std::size_t most);

/// All names of a culprit within the bounds above.
[[nodiscard]] judge::culprit bounded(judge::culprit who);

/// The lines of a stack within the bounds above: 16 KiB at most.
[[nodiscard]] std::vector<std::string> bounded_lines(std::vector<std::string> lines);

} // namespace loopmon::report
