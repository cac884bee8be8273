// SPDX-License-Identifier: MIT
#include "base/bounded_text.hpp"

#include "base/utf8.hpp"

#include <cassert>

namespace loopmon::base {

namespace {

constexpr std::string_view cut_mark = "...";

// What a character becomes is at least as long as this part of it.
constexpr std::size_t max_character = 4;

enum class lines { one, several };

std::string sendable(std::string_view text, lines allowed) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto [code_point, length] = first_character(text);
        const bool line_end = allowed == lines::several && code_point == '\n';
        if (length != 0 && (may_leave(code_point) || line_end)) {
            out += text.substr(0, length);
        } else {
            out += '?';
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

} // namespace

std::string bounded_text(std::string_view text, std::size_t most) {
    assert(most >= 16);
    std::string shorter;
    const auto enough = most * max_character; // of each end
    if (text.size() > 2 * enough) {
        shorter.append(text.substr(0, enough)).append(text.substr(text.size() - enough));
        text = shorter;
    }
    auto line = sendable(text, lines::one);
    if (line.size() <= most) {
        return line;
    }
    const auto kept = most - cut_mark.size();
    auto tail_begin = line.size() - kept / 2;
    while (tail_begin < line.size() && continues(line[tail_begin])) {
        ++tail_begin;
    }
    const auto head_end = cut(line, kept - kept / 2).size();
    return line.replace(head_end, tail_begin - head_end, cut_mark);
}

std::string bounded_paragraph(std::string_view text, std::size_t most) {
    assert(most >= 16);
    auto out = sendable(text.substr(0, most * max_character), lines::several);
    if (out.size() > most) {
        out.resize(cut(out, most - cut_mark.size()).size());
        out += cut_mark;
    }
    return out;
}

std::string sendable_text(std::string_view text) {
    return sendable(text, lines::several);
}

} // namespace loopmon::base
