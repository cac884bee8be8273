// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace loopmon::measure {

/// As much of a UTF-8 text as fits into `capacity` bytes without a part of a character. Bytes that
/// are no UTF-8 are cut anywhere.
[[nodiscard]] constexpr std::string_view cut_utf8(std::string_view text,
                                                  std::size_t capacity) noexcept {
    if (text.size() <= capacity) {
        return text;
    }
    constexpr auto continues = [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
    };
    constexpr std::size_t most_continuations = 3; // of a character, RFC 3629
    std::size_t end = capacity;
    while (capacity - end < most_continuations && end > 0 && continues(text[end])) {
        --end;
    }
    return text.substr(0, continues(text[end]) ? capacity : end);
}

} // namespace loopmon::measure
