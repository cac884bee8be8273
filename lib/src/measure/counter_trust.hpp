// SPDX-License-Identifier: MIT
//
// Whether the cycle counter of the CPU may stand for CLOCK_MONOTONIC. Two things have to be true.
//
// At the start: the CPU says that its counter runs at one rate in all its states, and the kernel
// has not turned away from it. Most machines in a cloud say kvm-clock or
// hyperv_clocksource_tsc_page, which are made of the same counter; hpet, acpi_pm and jiffies are
// what a kernel takes that has found the counter wrong.
//
// From then on, at every round of a watcher: since the round before, the counter and
// CLOCK_MONOTONIC have measured the same. They do not after a suspend, which the counter may count
// and CLOCK_MONOTONIC does not, after a migration to a machine whose counter has another rate, or
// when the counters of two CPUs differ. One contradiction is enough.
#pragma once

#include "measure/tick_rate.hpp"

#include <cstdint>
#include <string_view>

namespace loopmon::measure {

/// What the CPU says of its counter.
struct counter_claims {
    bool invariant = false;  ///< one rate in all states
    bool hypervisor = false; ///< the CPU is a virtual one, which may hide that it is invariant
};

/// @param kernel_source what /sys/devices/system/clocksource says, without the end of line
[[nodiscard]] constexpr bool may_be_trusted(const counter_claims& cpu,
                                            std::string_view kernel_source) noexcept {
    const bool turned_away = kernel_source.empty() || kernel_source == "hpet" ||
                             kernel_source == "acpi_pm" || kernel_source == "jiffies" ||
                             kernel_source == "refined-jiffies";
    return cpu.invariant && !turned_away;
}

/// Whether the counter moves while its thread waits, at whatever rate. It may stop in deep sleep on
/// a CPU that does not say that it is invariant; no CPU with a hypervisor is as old as that.
[[nodiscard]] constexpr bool moves_on(const counter_claims& cpu) noexcept {
    return cpu.invariant || cpu.hypervisor;
}

/// @param last, next pairs of two rounds
/// @param uncertainty of both pairs together
[[nodiscard]] constexpr bool agree(const clock_pair& last, const clock_pair& next,
                                   const tick_rate& rate, std::int64_t uncertainty_ns) noexcept {
    // CLOCK_MONOTONIC is slewed by up to 500 ppm (adjtimex(2)), and the rate is right to 50 ppm; a
    // counter that is wrong by less than their sum does no harm. A round is some 100 ms, of which
    // this is 100 us: the counters of two machines differ by more.
    constexpr std::int64_t one_of = 1000;
    // Of the moment between two reads, beyond what is seen of it.
    constexpr std::int64_t slack_ns = 50'000;
    // Two watchers may come here in another order than they read the clocks in.
    const auto by_counter = next.ticks >= last.ticks
                                ? rate.to_duration(next.ticks - last.ticks).count()
                                : -rate.to_duration(last.ticks - next.ticks).count();
    const auto by_system = next.ns - last.ns;
    const auto passed = by_system >= 0 ? by_system : -by_system;
    const auto most = passed / one_of + slack_ns + uncertainty_ns;
    return by_counter >= by_system - most && by_counter <= by_system + most;
}

} // namespace loopmon::measure
