// SPDX-License-Identifier: MIT
#include "measure/counter_trust.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <string>

using namespace loopmon::measure;

namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t round_ns = 100 * ms;
// What two clocks may differ by in a round: a thousandth of it, and 50 us.
constexpr std::int64_t tolerated = 150'000;

// Not zero: what a forgotten clock looks like.
constexpr clock_pair last{7'000'000'000, 3'000'000'000};

/// Of a counter at 1 GHz, so that a tick is a ns.
bool agree_after(std::int64_t by_counter, std::int64_t by_system, std::int64_t uncertainty = 0) {
    const clock_pair next{last.ticks + static_cast<std::uint64_t>(by_counter), last.ns + by_system};
    return agree(last, next, tick_rate::of_frequency(1'000'000'000), uncertainty);
}

} // namespace

TEST_CASE("counter_trust: the CPU must say that the counter is invariant") {
    CHECK(may_be_trusted({.invariant = true}, "tsc"));
    CHECK_FALSE(may_be_trusted({.invariant = false}, "tsc"));
    CHECK_FALSE(may_be_trusted({.invariant = false, .hypervisor = true}, "kvm-clock"));
}

TEST_CASE("counter_trust: the clocks of virtual machines are made of the counter") {
    const std::string source = GENERATE("tsc", "kvm-clock", "xen", "hyperv_clocksource_tsc_page");
    INFO(source);
    CHECK(may_be_trusted({.invariant = true, .hypervisor = true}, source));
}

TEST_CASE("counter_trust: a kernel that has turned away from the counter is believed") {
    const std::string source = GENERATE("hpet", "acpi_pm", "jiffies", "refined-jiffies", "");
    INFO(source);
    CHECK_FALSE(may_be_trusted({.invariant = true, .hypervisor = true}, source));
}

TEST_CASE("counter_trust: a counter moves on if it is invariant, or if the CPU is virtual") {
    CHECK(moves_on({.invariant = true}));
    CHECK(moves_on({.hypervisor = true}));
    CHECK_FALSE(moves_on({}));
}

TEST_CASE("counter_trust: clocks agree up to a thousandth of the round and 50 us") {
    CHECK(agree_after(round_ns, round_ns));
    CHECK(agree_after(round_ns + tolerated, round_ns));
    CHECK(agree_after(round_ns - tolerated, round_ns));
    CHECK_FALSE(agree_after(round_ns + tolerated + 1, round_ns));
    CHECK_FALSE(agree_after(round_ns - tolerated - 1, round_ns));
}

TEST_CASE("counter_trust: clocks agree within the uncertainty of the pairs") {
    CHECK(agree_after(round_ns + tolerated + 70, round_ns, 70));
    CHECK(agree_after(round_ns - tolerated - 70, round_ns, 70));
    CHECK_FALSE(agree_after(round_ns + tolerated + 71, round_ns, 70));
    CHECK_FALSE(agree_after(round_ns - tolerated - 71, round_ns, 70));
}

TEST_CASE("counter_trust: a suspend that one clock counts is a contradiction") {
    CHECK_FALSE(agree_after(3600'000 * ms, round_ns));
    CHECK_FALSE(agree_after(round_ns, 3600'000 * ms));
    CHECK_FALSE(agree_after(-6'000 * ms, round_ns)); // it began again
}

TEST_CASE("counter_trust: another rate after a migration is a contradiction in one round") {
    CHECK_FALSE(agree_after(round_ns + round_ns / 100, round_ns));
    CHECK_FALSE(agree_after(round_ns - round_ns / 100, round_ns));
}

TEST_CASE("counter_trust: watchers may come in another order than they read the clocks") {
    CHECK(agree_after(-2 * ms, -2 * ms));
    CHECK_FALSE(agree_after(-2 * ms, 2 * ms));
}
