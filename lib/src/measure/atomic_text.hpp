// SPDX-License-Identifier: MIT
#pragma once

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace loopmon::measure {

/// A short text that one thread writes while others may read: a part of something that is guarded
/// by a sequence (see task_slot.hpp), by which the reader knows whether its copy is whole. All
/// bytes zero are an empty text.
class atomic_text {
public:
    /// Longer texts are cut at a UTF-8 character boundary.
    static constexpr std::size_t capacity = 64;

    void store(std::string_view text) noexcept {
        text = base::cut(text, capacity);
        std::array<char, capacity> padded{};
        std::copy(text.begin(), text.end(), padded.begin());
        const auto words = std::bit_cast<std::array<std::uint64_t, word_count>>(padded);
        size_.store(static_cast<std::uint32_t>(text.size()), std::memory_order_release);
        for (std::size_t i = 0; i < words_of(text.size()); ++i) {
            words_[i].store(words[i], std::memory_order_release);
        }
    }

    [[nodiscard]] std::string load() const {
        const std::size_t size = size_.load(std::memory_order_acquire);
        std::array<std::uint64_t, word_count> words{};
        for (std::size_t i = 0; i < words_of(size); ++i) {
            words[i] = words_[i].load(std::memory_order_acquire);
        }
        const auto padded = std::bit_cast<std::array<char, capacity>>(words);
        return {padded.data(), size};
    }

private:
    static constexpr std::size_t word_count = capacity / sizeof(std::uint64_t);

    static constexpr std::size_t words_of(std::size_t bytes) {
        return (bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
    }

    std::array<std::atomic<std::uint64_t>, word_count> words_{};
    std::atomic<std::uint32_t> size_{0};
};

} // namespace loopmon::measure
