// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace loopmon::systemd {

/// How long to wait before the next attempt: doubles from `first` to `last`, plus up to 25 %, so
/// that the daemons which lost the same broker at the same moment do not come back at the same
/// moment.
class retry_delay {
public:
    retry_delay(std::chrono::milliseconds first, std::chrono::milliseconds last, unsigned seed)
        : first_(first), last_(last), next_(first), random_(seed) {}

    /// After an attempt that succeeded.
    void reset() noexcept { next_ = first_; }

    std::chrono::milliseconds next() {
        const auto base = std::exchange(next_, std::min(next_ * 2, last_));
        return base + std::chrono::milliseconds{jitter(base.count() / 4)};
    }

private:
    std::chrono::milliseconds::rep jitter(std::chrono::milliseconds::rep most) {
        return std::uniform_int_distribution<std::chrono::milliseconds::rep>{0, most}(random_);
    }

    std::chrono::milliseconds first_;
    std::chrono::milliseconds last_;
    std::chrono::milliseconds next_;
    std::mt19937 random_;
};

} // namespace loopmon::systemd
