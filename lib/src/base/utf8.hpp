// SPDX-License-Identifier: MIT
//
// The only code here that knows UTF-8, for every room: also the hooks on the user's thread may use
// it.
#pragma once

#include <cstddef>
#include <string_view>

namespace loopmon::base {

/// Whether a byte is a character's second or later one.
[[nodiscard]] constexpr bool continues(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

struct character {
    char32_t code_point = 0;
    std::size_t length = 0; ///< in bytes; 0: these bytes are not a character
};

/// The character at the beginning of a text (RFC 3629: no overlong forms, no surrogates, nothing
/// over U+10FFFF).
[[nodiscard]] constexpr character first_character(std::string_view text) noexcept {
    if (text.empty()) {
        return {};
    }
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80U) {
        return {lead, 1};
    }
    const std::size_t length = lead < 0xe0U ? 2 : lead < 0xf0U ? 3 : 4;
    if (lead < 0xc2U || lead > 0xf4U || text.size() < length) {
        return {};
    }
    char32_t point = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (!continues(text[i])) {
            return {};
        }
        point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    const char32_t least = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < least || point > 0x10ffff || surrogate ? character{} : character{point, length};
}

/// Whether a character may be in a text that leaves the process. Not:
///  - noncharacters: sd-bus refuses a text with one, and with it the whole message;
///  - controls, also those of Latin-1 (U+009B begins an escape sequence): they command a terminal;
///  - what ends a line or changes the direction of writing: a text would show as it is not.
[[nodiscard]] constexpr bool may_leave(char32_t c) noexcept {
    const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
    const bool noncharacter = within(0xfdd0, 0xfdef) || (c & 0xfffeU) == 0xfffeU;
    const bool control = c < 0x20 || within(0x7f, 0x9f);
    const bool separator = within(0x2028, 0x2029);
    const bool direction =
        c == 0x061c || within(0x200e, 0x200f) || within(0x202a, 0x202e) || within(0x2066, 0x2069);
    return !noncharacter && !control && !separator && !direction;
}

/// As much of a text as fits into `capacity` bytes without a part of a character. Invalid
/// UTF-8 is cut anywhere.
[[nodiscard]] constexpr std::string_view cut(std::string_view text, std::size_t capacity) noexcept {
    if (text.size() <= capacity) {
        return text;
    }
    constexpr std::size_t max_continuations = 3; // of a character
    std::size_t end = capacity;
    while (capacity - end < max_continuations && end > 0 && continues(text[end])) {
        --end;
    }
    return text.substr(0, continues(text[end]) ? capacity : end);
}

} // namespace loopmon::base
