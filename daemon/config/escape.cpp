// SPDX-License-Identifier: MIT
#include "config/escape.hpp"

#include <cstddef>

namespace loopmond {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

void append_hex(std::string& out, std::string_view prefix, unsigned char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += prefix;
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

bool is_control(unsigned char byte) {
    return byte < 0x20 || byte == 0x7f;
}

// Bytes of the well-formed UTF-8 sequence at `at` (Unicode, table 3-7), 0 if there is none. The
// second byte is limited further after some lead bytes: no overlong forms, surrogates, or code
// points above U+10FFFF.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const unsigned char lead = byte_at(text, at);
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const unsigned char second = byte_at(text, at + 1);
    const unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

} // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequence_length(text, at);
        if (length == 0 || is_control(byte_at(text, at))) {
            append_hex(out, "\\x", byte_at(text, at));
            ++at;
        } else {
            out += text.substr(at, length);
            at += length;
        }
    }
    return out;
}

std::string quote_toml(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (is_control(byte)) {
            append_hex(out, "\\u00", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string quote_briefly(std::string_view text) {
    constexpr std::size_t enough = 60;
    if (text.size() <= enough) {
        return '"' + std::string(text) + '"';
    }
    return '"' + std::string(text.substr(0, enough)) + "...\"";
}

} // namespace loopmond
