// SPDX-License-Identifier: MIT
#pragma once

#include "measure/histogram.hpp"

#include <chrono>
#include <cstdint>
#include <limits>

namespace loopmon::measure {

/// One moment by two clocks.
struct clock_pair {
    std::uint64_t ticks = 0;
    std::int64_t ns = 0; ///< CLOCK_MONOTONIC
};

/// How long a tick of a cycle counter is: ns = ticks * factor / 2^32, rounded down, so that a
/// counter from 1 MHz to 4 GHz is converted to better than 10^-9.
class tick_rate {
public:
    /// One tick is one ns.
    constexpr tick_rate() noexcept = default;

    /// @pre both differences are positive
    [[nodiscard]] static constexpr tick_rate between(const clock_pair& from,
                                                     const clock_pair& to) noexcept {
        return tick_rate(static_cast<std::uint64_t>(to.ns - from.ns), to.ticks - from.ticks);
    }
    [[nodiscard]] static constexpr tick_rate of_frequency(std::uint64_t hertz) noexcept {
        return tick_rate(1'000'000'000, hertz);
    }

    /// Longer than 292 years is 292 years.
    [[nodiscard]] constexpr nanoseconds to_duration(std::uint64_t ticks) const noexcept {
        const auto ns = (wide{ticks} * factor_) >> fraction_bits;
        constexpr auto longest = std::numeric_limits<std::int64_t>::max();
        return nanoseconds(ns > wide{longest} ? longest : static_cast<std::int64_t>(ns));
    }

    /// A moment before the anchor, too.
    [[nodiscard]] constexpr std::int64_t to_ns(std::uint64_t ticks,
                                               const clock_pair& anchor) const noexcept {
        return ticks >= anchor.ticks ? anchor.ns + to_duration(ticks - anchor.ticks).count()
                                     : anchor.ns - to_duration(anchor.ticks - ticks).count();
    }

private:
    __extension__ using wide = unsigned __int128;
    static constexpr unsigned fraction_bits = 32;

    constexpr tick_rate(std::uint64_t ns, std::uint64_t ticks) noexcept
        : factor_(static_cast<std::uint64_t>((wide{ns} << fraction_bits) / ticks)) {}

    std::uint64_t factor_ = std::uint64_t{1} << fraction_bits;
};

} // namespace loopmon::measure
