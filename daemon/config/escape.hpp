// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace loopmond {

/// `text` as one line of valid UTF-8: control characters and stray bytes become `\xNN`. File names
/// and arguments may hold anything, and end in the journal, in D-Bus replies and in TOML comments.
std::string printable(std::string_view text);

/// `text` as a TOML basic string, quotes included. `text` is valid UTF-8.
std::string quote_toml(std::string_view text);

/// `text` in quotes for a message, cut after 60 bytes: enough to recognise it by.
std::string quote_briefly(std::string_view text);

} // namespace loopmond
