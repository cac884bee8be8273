// SPDX-License-Identifier: MIT
#pragma once

#include "measure/histogram.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace loopmon::measure {

/// Products and quotients of fixed-point numbers with 32 bits of fraction, rounded down. Where the
/// compiler has integers of 128 bits, it is one instruction each; 32-bit machines have not.
namespace fixed_point {

inline constexpr unsigned fraction_bits = 32;
inline constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();

/// @return a * b / 2^32, or the greatest number
[[nodiscard]] constexpr std::uint64_t portable_product(std::uint64_t a, std::uint64_t b) noexcept {
    constexpr std::uint64_t low = 0xffff'ffff;
    const auto high = (a >> fraction_bits) * (b >> fraction_bits); // times 2^32
    if (high > low) {
        return greatest;
    }
    auto sum = high << fraction_bits;
    for (const auto part : {(a >> fraction_bits) * (b & low), (a & low) * (b >> fraction_bits),
                            ((a & low) * (b & low)) >> fraction_bits}) {
        if (part > greatest - sum) {
            return greatest;
        }
        sum += part;
    }
    return sum;
}

/// @return a * 2^32 / b
/// @pre it is less than 2^64
[[nodiscard]] constexpr std::uint64_t portable_quotient(std::uint64_t a, std::uint64_t b) noexcept {
    auto result = a / b;
    auto rest = a % b;
    for (unsigned bit = 0; bit < fraction_bits; ++bit) {
        const bool carries = rest > greatest / 2;
        rest <<= 1U;
        result <<= 1U;
        if (carries || rest >= b) {
            rest -= b;
            ++result;
        }
    }
    return result;
}

#if defined(__SIZEOF_INT128__)
__extension__ using wide = unsigned __int128;

[[nodiscard]] constexpr std::uint64_t product(std::uint64_t a, std::uint64_t b) noexcept {
    const auto exact = (wide{a} * b) >> fraction_bits;
    return exact > greatest ? greatest : static_cast<std::uint64_t>(exact);
}
[[nodiscard]] constexpr std::uint64_t quotient(std::uint64_t a, std::uint64_t b) noexcept {
    return static_cast<std::uint64_t>((wide{a} << fraction_bits) / b);
}
#else
[[nodiscard]] constexpr std::uint64_t product(std::uint64_t a, std::uint64_t b) noexcept {
    return portable_product(a, b);
}
[[nodiscard]] constexpr std::uint64_t quotient(std::uint64_t a, std::uint64_t b) noexcept {
    return portable_quotient(a, b);
}
#endif

} // namespace fixed_point

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
        const auto ns = fixed_point::product(ticks, factor_);
        constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max();
        return nanoseconds(static_cast<std::int64_t>(ns > longest ? longest : ns));
    }

    /// The same, in fewer instructions.
    /// @pre it is no longer than 292 years
    [[nodiscard]] constexpr nanoseconds to_short_duration(std::uint64_t ticks) const noexcept {
#if defined(__SIZEOF_INT128__)
        return nanoseconds(static_cast<std::int64_t>((fixed_point::wide{ticks} * factor_) >>
                                                     fixed_point::fraction_bits));
#else
        return to_duration(ticks);
#endif
    }

    /// A moment before the anchor, too.
    [[nodiscard]] constexpr std::int64_t to_ns(std::uint64_t ticks,
                                               const clock_pair& anchor) const noexcept {
        return ticks >= anchor.ticks ? anchor.ns + to_duration(ticks - anchor.ticks).count()
                                     : anchor.ns - to_duration(anchor.ticks - ticks).count();
    }

    /// The other way round, to better than 10^-8.
    [[nodiscard]] constexpr std::uint64_t to_ticks(std::int64_t ns,
                                                   const clock_pair& anchor) const noexcept {
        const auto ticks = [this](std::int64_t positive) {
            return fixed_point::product(static_cast<std::uint64_t>(positive), inverse_);
        };
        return ns >= anchor.ns ? anchor.ticks + ticks(ns - anchor.ns)
                               : anchor.ticks - ticks(anchor.ns - ns);
    }

private:
    constexpr tick_rate(std::uint64_t ns, std::uint64_t ticks) noexcept
        : factor_(fixed_point::quotient(ns, ticks)), inverse_(fixed_point::quotient(ticks, ns)) {}

    std::uint64_t factor_ = std::uint64_t{1} << fixed_point::fraction_bits;
    std::uint64_t inverse_ = std::uint64_t{1} << fixed_point::fraction_bits;
};

} // namespace loopmon::measure
