// SPDX-License-Identifier: MIT
//
// A clock that is cheap enough to be read three times per handler: the cycle counter of the CPU
// where it runs at one rate on all of them (invariant TSC that the kernel trusts too, CNTVCT), and
// CLOCK_MONOTONIC elsewhere.
//
// Durations are ticks times a rate that is found once. Points in time are relative to an anchor, a
// pair of both clocks, which the watcher renews at each of its rounds; so neither the error of the
// rate nor a suspend, which the counter may sleep through or not, adds up.
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
        unset,     ///< nobody asked yet
        off,       ///< always zero: handlers are counted and not timed
        monotonic, ///< CLOCK_MONOTONIC; ticks are ns
        counter,   ///< the cycle counter
        manual     ///< set by a test; ticks are ns
    };

    [[nodiscard]] static std::uint64_t now() noexcept {
        const auto from = source_.load(std::memory_order_acquire); // and with it the rate
        return from == source::counter ? read_counter() : slow_now(from);
    }
    /// Zero if `to` is before `from`, which the counters of two CPUs may make it.
    [[nodiscard]] static nanoseconds between(std::uint64_t from, std::uint64_t to) noexcept {
        return to > from ? rate_.to_duration(to - from) : nanoseconds::zero();
    }
    [[nodiscard]] static time_point to_time(std::uint64_t ticks) noexcept;
    [[nodiscard]] static bool timing() noexcept { return chosen() != source::off; }
    [[nodiscard]] static source chosen() noexcept {
        const auto from = source_.load(std::memory_order_acquire);
        return from != source::unset ? from : choose();
    }

    /// Pairs the two clocks anew. For the watcher, once a round.
    static void anchor() noexcept;

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
    static source choose() noexcept;

    static std::atomic<source> source_;
    static tick_rate rate_; ///< written once, ahead of source_
};

} // namespace loopmon::measure
