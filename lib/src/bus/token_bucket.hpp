// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace loopmon::bus {

/// So many at once, and after that so many a second. Full at the beginning.
class token_bucket {
public:
    using time_point = std::chrono::steady_clock::time_point;

    constexpr token_bucket(std::uint32_t most, std::uint32_t per_second) noexcept
        : each_(std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second),
          most_(each_ * most),
          credit_(most_) {}

    /// @param n at most as many as fit into the bucket
    /// @return false, and nothing is taken, if there are less
    bool take(std::uint32_t n, time_point now) noexcept {
        if (now > filled_) {
            // The first time it is full anyway, however long ago the beginning of the clock is.
            credit_ = now - filled_ < most_ ? std::min(most_, credit_ + (now - filled_)) : most_;
            filled_ = now;
        }
        if (credit_ < each_ * n) {
            return false;
        }
        credit_ -= each_ * n;
        return true;
    }

private:
    std::chrono::nanoseconds each_;
    std::chrono::nanoseconds most_;
    std::chrono::nanoseconds credit_;
    time_point filled_{};
};

} // namespace loopmon::bus
