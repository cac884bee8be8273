// SPDX-License-Identifier: MIT
#include "report/bounded_text.hpp"

#include <cassert>
#include <cstdint>

namespace loopmon::report {

namespace {

constexpr std::string_view cut_mark = "...";

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// Length of the character at the beginning of a text, 0 if there is none (RFC 3629: no overlong
/// forms, no surrogates, nothing over U+10FFFF).
std::size_t character_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    if (first < 0x80U) {
        return 1;
    }
    const std::size_t length = first >= 0xc2U && first <= 0xdfU   ? 2
                               : first >= 0xe0U && first <= 0xefU ? 3
                               : first >= 0xf0U && first <= 0xf4U ? 4
                                                                  : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (!continues(text[i])) {
            return 0;
        }
    }
    const auto second = static_cast<unsigned char>(text[1]);
    const bool refused = (first == 0xe0U && second < 0xa0U) || (first == 0xedU && second > 0x9fU) ||
                         (first == 0xf0U && second < 0x90U) || (first == 0xf4U && second > 0x8fU);
    return refused ? 0 : length;
}

std::string valid_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto length = character_length(text);
        const auto c = static_cast<unsigned char>(text.front());
        const bool control = c < 0x20U || c == 0x7fU;
        if (length == 0 || control) {
            out += '?';
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

} // namespace

std::string bounded_text(std::string_view text, std::size_t most) {
    assert(most >= 16);
    auto line = valid_line(text);
    if (line.size() <= most) {
        return line;
    }
    const auto kept = most - cut_mark.size();
    auto tail_begin = line.size() - kept / 2;
    while (tail_begin < line.size() && continues(line[tail_begin])) {
        ++tail_begin;
    }
    auto head_end = kept - kept / 2;
    while (head_end > 0 && continues(line[head_end])) {
        --head_end;
    }
    return line.replace(head_end, tail_begin - head_end, cut_mark);
}

judge::culprit bounded(judge::culprit who) {
    for (auto* const name :
         {&who.handler, &who.task, &who.spawned, &who.syscall, &who.waiting_in, &who.machine}) {
        *name = bounded_text(*name, longest_name);
    }
    return who;
}

std::vector<std::string> bounded_lines(std::vector<std::string> lines) {
    if (lines.size() > most_frames) {
        lines.resize(most_frames);
    }
    for (auto& line : lines) {
        line = bounded_text(line, longest_frame);
    }
    return lines;
}

} // namespace loopmon::report
