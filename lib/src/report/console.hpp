// SPDX-License-Identifier: MIT
//
// What standard error gets where no journal takes the records. A pipe or a socket has a log service
// at its other end, which has its own clock and reads the priority from <N> (sd-daemon(3)). A
// terminal and a file are read by people, who want to know when: local time, and the priority as a
// word. Colours go to terminals that can show them, unless $NO_COLOR asks for none.
#pragma once

#include "report/record.hpp"

namespace loopmon::report {

enum class console_style {
    prefixed, ///< for a log service
    plain,    ///< for people
    coloured, ///< for people, alerts in colour
};

/// @param no_color,term values of $NO_COLOR (no-color.org) and $TERM; null: not set. Without TERM,
///        a terminal is taken for one that can do nothing.
[[nodiscard]] bool wants_colour(const char* no_color, const char* term) noexcept;

/// For what `fd` is connected to at this moment.
[[nodiscard]] console_style console_style_of(int fd, bool colour) noexcept;

/// One line, or as many as the text and its details have.
[[nodiscard]] std::string console_text(const record& entry, console_style style,
                                       model::wall_time when);

} // namespace loopmon::report
