// SPDX-License-Identifier: MIT
//
// How much of other people's text is reported.
#pragma once

#include "base/bounded_text.hpp"
#include "model/event.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon::model {

/// As many as the stack catcher takes, and a remark.
inline constexpr std::size_t max_frames = 65;
/// The function at the beginning and the place at the end of a frame are worth reading; what is
/// between them is template arguments.
inline constexpr std::size_t max_frame = 240;
/// Names of handlers, tasks, files.
inline constexpr std::size_t max_name = 160;

/// Any other text: errors, files, what a caller has said.
inline constexpr std::size_t max_text = 4096;
/// A part of a journal record: a stack, or the mistakes of a configuration.
inline constexpr std::size_t max_entry = std::size_t{24} * 1024;

using base::bounded_paragraph;
using base::bounded_text;

/// All names of a culprit within the bounds above.
[[nodiscard]] culprit bounded(culprit who);

/// The lines of a stack within the bounds above: 16 KiB at most.
[[nodiscard]] std::vector<std::string> bounded_lines(std::vector<std::string> lines);

} // namespace loopmon::model
