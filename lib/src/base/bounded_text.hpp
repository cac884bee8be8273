// SPDX-License-Identifier: MIT
//
// Names come from users, symbols from templates, errors from other programs: none of them is
// bounded nor necessarily text. D-Bus disconnects a peer that sends invalid UTF-8,
// JSON files with them are not read back, one name of a coroutine in a template can fill a page,
// and one error reply 30 MB.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace loopmon::base {

/// One line that may leave the process: bytes that do not belong to a character become '?', and so
/// do the characters that may not leave (utf8.hpp). What is over `most` bytes is cut out of the
/// middle and replaced by "...". Time and memory depend on `most`, not on the text.
/// @param most at least 16
[[nodiscard]] std::string bounded_text(std::string_view text, std::size_t most);

/// The same for a text of several lines, which is cut at its end.
[[nodiscard]] std::string bounded_paragraph(std::string_view text, std::size_t most);

/// The same for a text of any length and several lines.
[[nodiscard]] std::string sendable_text(std::string_view text);

} // namespace loopmon::base
