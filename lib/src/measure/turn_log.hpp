// SPDX-License-Identifier: MIT
//
// The last long turns of a loop with the moments at which they began and ended, so that a stall
// that ended between two looks of the watcher has its exact length. Written by the loop, a few
// stores for each turn that is long enough and one comparison for each that is not; read by the
// watcher, wait-free.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace loopmon::measure {

/// A turn that ended.
struct ended_turn {
    std::uint64_t sequence = 0; ///< that turn_status had while it was on
    std::chrono::steady_clock::time_point began{};
    std::chrono::steady_clock::time_point ended{};
};

class turn_log {
public:
    /// The watcher looks twice in the time of two such turns at least, if it asks for those of half
    /// the threshold of a stall; what is kept lasts for eight.
    static constexpr std::size_t capacity = 8;

    /// Turns that last this long are kept from now on. Any thread.
    void keep_from(std::chrono::nanoseconds length) noexcept {
        kept_from_ns_.store(length.count(), std::memory_order_relaxed);
    }

    /// For the loop, one thread at a time.
    void note(std::uint64_t sequence, std::uint64_t began, std::uint64_t ended,
              std::int64_t length_ns) noexcept {
        if (length_ns >= kept_from_ns_.load(std::memory_order_relaxed)) {
            keep(sequence, began, ended);
        }
    }

    class turns;
    /// The oldest first. Any thread. Allocates nothing.
    [[nodiscard]] turns recent() const noexcept;
    /// @return nullopt if that turn was short, or is not among the last ones
    [[nodiscard]] std::optional<ended_turn> find(std::uint64_t sequence) const noexcept;

private:
    struct entry {
        std::atomic<std::uint64_t> sequence{0}; ///< of its turn, which is odd; zero: being written
        std::atomic<std::uint64_t> began{0};    ///< ticks, as the next one
        std::atomic<std::uint64_t> ended{0};
    };

    void keep(std::uint64_t sequence, std::uint64_t began, std::uint64_t ended) noexcept;
    [[nodiscard]] static std::optional<ended_turn> read(const entry& from) noexcept;

    std::atomic<std::int64_t> kept_from_ns_{10'000'000}; ///< until the watcher says what is long
    std::array<entry, capacity> entries_;
    std::size_t next_ = 0; ///< the loop's
};

class turn_log::turns {
public:
    /// Keeps the oldest first. @pre fewer than `capacity` are there
    void add(const ended_turn& turn) noexcept {
        auto at = size_++;
        for (; at > 0 && all_[at - 1].sequence > turn.sequence; --at) {
            all_[at] = all_[at - 1];
        }
        all_[at] = turn;
    }

    [[nodiscard]] ended_turn* begin() noexcept { return all_.data(); }
    [[nodiscard]] ended_turn* end() noexcept { return all_.data() + size_; }
    [[nodiscard]] const ended_turn& operator[](std::size_t i) const noexcept { return all_[i]; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

private:
    std::array<ended_turn, capacity> all_{};
    std::size_t size_ = 0;
};

} // namespace loopmon::measure
