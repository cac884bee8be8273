// SPDX-License-Identifier: MIT
//
// Reads the numbers that unwind tables are made of, from a copy of them. Whatever the bytes are, it
// stays within them: a read beyond the end returns zero and marks the cursor as failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace loopmon::stack {

class byte_cursor {
public:
    /// @param bytes must outlive this
    /// @param address where the bytes are in the image: some numbers count from their own place
    byte_cursor(const std::vector<std::uint8_t>& bytes, std::uintptr_t address)
        : bytes_(&bytes), address_(address), end_(bytes.size()) {}

    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] bool at_end() const noexcept { return failed_ || at_ >= end_; }
    [[nodiscard]] std::size_t position() const noexcept { return at_; }
    [[nodiscard]] std::uintptr_t address() const noexcept { return address_ + at_; }

    void seek(std::size_t position) noexcept {
        failed_ = failed_ || position > end_;
        at_ = failed_ ? at_ : position;
    }
    void skip(std::uint64_t count) noexcept {
        failed_ = failed_ || count > end_ - at_;
        at_ += failed_ ? 0 : static_cast<std::size_t>(count);
    }
    /// The end comes earlier: `count` bytes from here.
    void limit(std::uint64_t count) noexcept {
        failed_ = failed_ || count > end_ - at_;
        end_ = failed_ ? end_ : at_ + static_cast<std::size_t>(count);
    }

    template <class Number>
    Number number() noexcept {
        Number value{};
        if (failed_ || end_ - at_ < sizeof value) {
            failed_ = true;
            return value;
        }
        std::memcpy(&value, bytes_->data() + at_, sizeof value);
        at_ += sizeof value;
        return value;
    }
    std::uint8_t byte() noexcept { return number<std::uint8_t>(); }

    std::uint64_t uleb() noexcept {
        unsigned shift = 0;
        return leb(shift).value;
    }
    std::int64_t sleb() noexcept {
        unsigned shift = 0;
        const auto [value, last] = leb(shift);
        const bool negative = (last & 0x40U) != 0 && shift < 64;
        return static_cast<std::int64_t>(negative ? value | ~std::uint64_t{0} << shift : value);
    }

    /// A pointer in one of the encodings of the LSB's .eh_frame (DW_EH_PE_...).
    /// @param data what "relative to data" counts from
    std::uintptr_t pointer(std::uint8_t encoding, std::uintptr_t data = 0) noexcept {
        const auto here = address();
        const auto value = static_cast<std::uintptr_t>(plain(encoding & 0x0fU));
        switch (encoding & 0xf0U) {
        case 0x00: // absolute
            return value;
        case 0x10: // relative to its own place
            return value + here;
        case 0x30:
            return value + data;
        default: // by way of a pointer, or relative to what no Linux has
            failed_ = true;
            return 0;
        }
    }
    /// The same value without what it is relative to: a length.
    std::uintptr_t length(std::uint8_t encoding) noexcept {
        return static_cast<std::uintptr_t>(plain(encoding & 0x0fU));
    }

private:
    struct septets {
        std::uint64_t value;
        std::uint8_t last;
    };

    septets leb(unsigned& shift) noexcept {
        std::uint64_t value = 0;
        std::uint8_t last = 0;
        do {
            last = byte();
            value |= shift < 64 ? std::uint64_t{last & 0x7fU} << shift : 0;
            shift += 7;
        } while ((last & 0x80U) != 0);
        return {value, last};
    }

    std::uint64_t plain(unsigned format) noexcept {
        switch (format) {
        case 0x00:
            return number<std::uintptr_t>();
        case 0x01:
            return uleb();
        case 0x02:
            return number<std::uint16_t>();
        case 0x03:
            return number<std::uint32_t>();
        case 0x04:
            return number<std::uint64_t>();
        case 0x09:
            return static_cast<std::uint64_t>(sleb());
        case 0x0a:
            return static_cast<std::uint64_t>(number<std::int16_t>());
        case 0x0b:
            return static_cast<std::uint64_t>(number<std::int32_t>());
        case 0x0c:
            return static_cast<std::uint64_t>(number<std::int64_t>());
        default:
            failed_ = true;
            return 0;
        }
    }

    const std::vector<std::uint8_t>* bytes_;
    std::uintptr_t address_;
    std::size_t end_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

} // namespace loopmon::stack
