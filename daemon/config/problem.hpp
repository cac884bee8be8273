// SPDX-License-Identifier: MIT
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace loopmond {

/// A place in the input. Ordered as the input is read, so the greater of two places is the one that
/// had the last word.
struct location {
    unsigned source = 0; ///< index into the list of files and options
    unsigned line = 0;   ///< from 1; 0: the source as a whole
    unsigned column = 0; ///< from 1, in characters

    auto operator<=>(const location&) const = default;
};

struct problem {
    location where;
    std::string text; ///< "key 'a.b': ..."; may quote the input
};

using problems = std::vector<problem>;

/// Appends what is wrong with a key: "key 'a.b': TEXT".
void report_key(problems& to, const location& where, std::string_view key, std::string_view text);

/// "FILE:LINE", for a comment.
std::string describe(const location& where, const std::vector<std::string>& sources);

/// "FILE:LINE:COL: error: TEXT", without anything that a terminal, a journal or D-Bus objects to.
std::string describe(const problem& wrong, const std::vector<std::string>& sources);

} // namespace loopmond
