// SPDX-License-Identifier: MIT
//
// The report about a late loop, for people. At 3 a.m. there is `journalctl -u` and nothing else:
// the first line says who, how long and why, and below it are the frames of the stack that are
// worth reading. The whole stack is a field of the record.
#pragma once

#include "model/event.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace loopmon::report {

/// Frames shown below the text: the innermost, and the next ones that are not the C or C++ library,
/// which is where a program waits but never why.
inline constexpr std::size_t frames_shown = 3;

[[nodiscard]] std::string lag_message(const model::stall& e);
[[nodiscard]] std::string lag_message(const model::trip& e);

/// ": cause blocked"; empty if it is not known.
[[nodiscard]] std::string cause_text(model::cause why);

/// " in handler socket.async_receive", " in task "poll" (...)"; empty if neither is known.
[[nodiscard]] std::string place_text(const model::culprit& who);

/// Lines of a stack to show below the text, without a newline at the end; empty if there is none.
[[nodiscard]] std::string shown_frames(const std::vector<std::string>& stack);

/// All lines, one below the other.
[[nodiscard]] std::string whole_stack(const std::vector<std::string>& stack);

} // namespace loopmon::report
