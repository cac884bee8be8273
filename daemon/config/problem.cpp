// SPDX-License-Identifier: MIT
#include "config/problem.hpp"

#include "config/escape.hpp"

#include <cassert>

namespace loopmond {

namespace {

// A line for people: most of a text that is longer quotes the input, where a key may be of any
// length.
constexpr std::size_t max_text = 500;

std::string_view brief(std::string_view text) {
    return text.substr(0, max_text);
}

} // namespace

void report_key(problems& to, const location& where, std::string_view key, std::string_view text) {
    to.push_back({where, "key '" + std::string(key) + "': " + std::string(text)});
}

std::string describe(const location& where, const std::vector<std::string>& sources) {
    assert(where.source < sources.size());
    std::string text = sources[where.source];
    if (where.line != 0) {
        text += ':' + std::to_string(where.line);
    }
    return printable(text);
}

std::string describe(const problem& wrong, const std::vector<std::string>& sources) {
    std::string text = describe(wrong.where, sources);
    if (wrong.where.column != 0) {
        text += ':' + std::to_string(wrong.where.column);
    }
    return text + ": error: " + printable(brief(wrong.text));
}

} // namespace loopmond
