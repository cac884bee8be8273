// SPDX-License-Identifier: MIT
//
// A clock that is cheap enough to be read three times per handler: the cycle counter of the CPU
// where it can be trusted (counter_trust.hpp), and CLOCK_MONOTONIC elsewhere.
//
// Durations are ticks times a rate that is found once. Points in time are relative to an anchor, a
// pair of both clocks, which the watcher renews at each of its rounds; so neither the error of the
// rate nor a suspend, which the counter may sleep through or not, adds up. A round that finds the
// two clocks in contradiction is the last one that the counter is used in. What ticks mean stays:
// from then on they are computed from CLOCK_MONOTONIC and the last anchor that was good, so that
// what was stamped before is as old as it was.
//
// CLOCK_MONOTONIC costs two to ten times as much as the counter. So a handler that begins or is
// created may take what its thread read just before (recent()): what moved on by less than half a
// microsecond, by a counter that need not be right for that. Then one reading per handler is
// left, at its end.
//
// The environment may choose, for tests and benchmarks: LOOPMON_CLOCK=tsc|monotonic|off,
// where `tsc` is the counter, trustworthy or not, if there is one.
#pragma once

#include "measure/tick_rate.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace loopmon::measure {

/// All of it: any thread, wait-free after the first call in the process, which takes 2 ms.
class cycle_clock {
public:
    using time_point = std::chrono::steady_clock::time_point;

    enum class source : std::uint8_t {
        off,       ///< always zero: handlers are counted and not timed
        counter,   ///< the cycle counter
        unset,     ///< nobody asked yet
        monotonic, ///< CLOCK_MONOTONIC; ticks are ns
        lost,      ///< CLOCK_MONOTONIC in ticks of the counter, which contradicted it
        manual     ///< set by a test; ticks are ns
    };

    [[nodiscard]] static std::uint64_t now() noexcept {
        const auto from = known();
        return is_read_inline(from) ? read_inline(from) : slow_now(from);
    }
    /// now(), or what this thread read last if that was within a microsecond: for moments that may
    /// be that much too early.
    [[nodiscard]] static std::uint64_t recent() noexcept {
        const auto from = known();
        return is_read_inline(from) ? read_inline(from) : slow_recent(from);
    }

    // For callers that want no call in the way of what is read without one.
    /// And with it the rate.
    [[nodiscard]] static source known() noexcept { return source_.load(std::memory_order_acquire); }
    [[nodiscard]] static bool is_read_inline(source from) noexcept {
        return from <= source::counter;
    }
    [[nodiscard]] static std::uint64_t read_inline(source from) noexcept {
        return from == source::counter ? read_counter() : 0;
    }

    /// Zero if `to` is before `from`, which the counters of two CPUs may make it.
    /// @pre both are of the last 292 years
    [[nodiscard]] static nanoseconds between(std::uint64_t from, std::uint64_t to) noexcept {
        return to > from ? rate_.to_short_duration(to - from) : nanoseconds::zero();
    }
    [[nodiscard]] static time_point to_time(std::uint64_t ticks) noexcept;
    [[nodiscard]] static bool timing() noexcept { return chosen() != source::off; }
    [[nodiscard]] static source chosen() noexcept {
        const auto from = known();
        return from != source::unset ? from : choose();
    }

    /// Pairs the two clocks again, and compares what they measured since the last time. For the
    /// watcher, once per round.
    static void anchor() noexcept;
    /// The same, with a pair of the counter and CLOCK_MONOTONIC that was read elsewhere; nothing
    /// happens where the counter is not used.
    /// @param uncertainty_ns of its moment
    static void anchor(const clock_pair& pair, std::int64_t uncertainty_ns) noexcept;

    /// From now on the clock stands at `now`. For tests, before any handler exists.
    static void set_manual(nanoseconds now) noexcept;

private:
    static std::uint64_t read_counter() noexcept {
#if defined(__x86_64__)
        return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
        std::uint64_t ticks;
        asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
        return ticks;
#else
        return 0;
#endif
    }
    static std::uint64_t slow_now(source from) noexcept;
    static std::uint64_t slow_recent(source from) noexcept;
    static void renew_anchor(source of, const clock_pair& pair,
                             std::int64_t uncertainty_ns) noexcept;
    static source choose() noexcept;

    // Hidden, so that they are addressed and not looked up.
    [[gnu::visibility("hidden")]] static std::atomic<source> source_;
    [[gnu::visibility("hidden")]] static tick_rate rate_; ///< written once, ahead of source_
};

} // namespace loopmon::measure
