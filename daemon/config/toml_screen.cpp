// SPDX-License-Identifier: MIT
//
// Two ways to break toml++ 3.3 with a plausible file, both found by mutation:
//  - to find out whether U+00B5 is white space it runs into a __builtin_unreachable(), and it asks
//  that
//    after every bare value: `interval = 250\u00b5s`, quotes forgotten, is undefined behaviour;
//  - it builds and frees one table for each part of a dotted key, each within the other, so a line
//    of a megabyte of "a.a.a" takes more stack than there is.
#include "config/toml_screen.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace loopmond {
namespace {

// No honest line comes near this, and this deep a recursion fits into any stack.
constexpr std::size_t max_line = 4096;

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}
bool starts_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

std::size_t find_long_line(std::string_view text) {
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        if (end - start > max_line) {
            return start;
        }
        start = end + 1;
    }
    return std::string_view::npos;
}

// Walks a text as far as strings and comments go. It ends at the first thing that it does not
// understand: the parser will end there, too.
class stray_finder {
public:
    explicit stray_finder(std::string_view text) : text_(text) {
        constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
        if (text_.starts_with(byte_order_mark)) {
            at_ = byte_order_mark.size();
        }
    }

    /// @return where the first stray character is, or npos
    std::size_t find() {
        while (at_ < text_.size() && stray_ == std::string_view::npos) {
            const char c = text_[at_];
            if (c == '#') {
                at_ = text_.find('\n', at_);
            } else if (c == '"' || c == '\'') {
                skip_string(c);
            } else if (!is_ascii(c)) {
                stray_ = at_;
            } else {
                ++at_;
            }
        }
        return stray_;
    }

private:
    void skip_string(char quote) {
        if (text_.substr(at_, 3) == std::string(3, quote)) {
            at_ += 3;
            skip_until(std::string(3, quote), quote == '"');
            // The last quotes of five close the string, the ones before them belong to it.
            while (at_ < text_.size() && text_[at_] == quote) {
                ++at_;
            }
        } else {
            at_ += 1;
            skip_until(std::string(1, quote), quote == '"');
        }
    }

    void skip_until(std::string_view end, bool escapes) {
        const bool one_line = end.size() == 1;
        while (at_ < text_.size() && !text_.substr(at_).starts_with(end)) {
            if (one_line && text_[at_] == '\n') {
                at_ = text_.size(); // not closed: a syntax error
                return;
            }
            if (escapes && text_[at_] == '\\') {
                skip_escape();
            } else {
                ++at_;
            }
            if (stray_ != std::string_view::npos) {
                return;
            }
        }
        at_ += end.size();
    }

    // A backslash and what it escapes: one character, or all white space up to the next line's
    // text. Either way the parser asks of the character that it finds there whether it is white
    // space.
    void skip_escape() {
        const std::size_t after =
            std::min(text_.find_first_not_of(" \t\r\n", at_ + 1), text_.size());
        if (after < text_.size() && !is_ascii(text_[after])) {
            stray_ = after;
        } else {
            at_ = after == at_ + 1 ? after + 1 : after;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t stray_ = std::string_view::npos;
};

} // namespace

location end_of(std::string_view text, unsigned source) {
    const std::string_view before = text.substr(0, text.size() - 1);
    const std::string_view line = text.substr(before.find_last_of('\n') + 1); // npos + 1 is 0
    const auto lines = std::count(before.begin(), before.end(), '\n') + 1;
    const auto columns = std::count_if(line.begin(), line.end(), starts_character);
    return {source, static_cast<unsigned>(lines), static_cast<unsigned>(columns)};
}

std::optional<problem> screen_toml(std::string_view text, unsigned source) {
    const std::size_t long_line = find_long_line(text);
    const std::size_t stray = stray_finder(text).find();
    if (stray < long_line) {
        return problem{end_of(text.substr(0, stray + 1), source),
                       "this character is allowed only in quotes and comments"};
    }
    if (long_line != std::string_view::npos) {
        return problem{end_of(text.substr(0, long_line + 1), source),
                       "this line is longer than 4096 bytes"};
    }
    return std::nullopt;
}

} // namespace loopmond
