// SPDX-License-Identifier: MIT
//
// Classes of ASCII characters; those of <cctype> follow the locale.
#pragma once

namespace loopmond {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

} // namespace loopmond
