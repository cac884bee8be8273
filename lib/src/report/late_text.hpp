// SPDX-License-Identifier: MIT
//
// What a person is told of a late loop. At 3 a.m. there is `journalctl -u` and nothing else: the
// first line says who, how long and why, and below it are the frames of the stack that are worth
// reading. The whole stack is a field of the record.
#pragma once

#include "judge/event.hpp"

#include <cstddef>
#include <string>

namespace loopmon::report {

/// Frames shown below the text: the innermost, and the next ones that are not the C or C++ library,
/// which is where a program waits but never why.
inline constexpr std::size_t frames_shown = 3;

[[nodiscard]] std::string late_text(const judge::stall& e);
[[nodiscard]] std::string late_text(const judge::trip& e);

/// Lines to show below the text, without a newline at the end; empty if no stack was taken.
[[nodiscard]] std::string shown_frames(const judge::culprit& who);

/// The frames one below the other, 16 KiB at most if the culprit is bounded().
[[nodiscard]] std::string whole_stack(const judge::culprit& who);

} // namespace loopmon::report
