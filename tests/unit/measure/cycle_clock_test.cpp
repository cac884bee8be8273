// SPDX-License-Identifier: MIT
#include "measure/cycle_clock.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <thread>

using namespace loopmon::measure;
using namespace std::chrono_literals;

// With whatever clock this machine has. How far apart two readings are is up to the machine, so
// what is compared is a reading and the readings around it.

namespace {

// Two clocks that are paired in user space agree to microseconds, if nobody interrupts.
constexpr auto pairing_error = 1ms;

} // namespace

TEST_CASE("cycle_clock: a moment is that of CLOCK_MONOTONIC") {
    cycle_clock::anchor();
    const auto before = std::chrono::steady_clock::now();
    const auto ticks = cycle_clock::now();
    const auto after = std::chrono::steady_clock::now();
    CHECK(cycle_clock::to_time(ticks) >= before - pairing_error);
    CHECK(cycle_clock::to_time(ticks) <= after + pairing_error);
}

TEST_CASE("cycle_clock: a duration is as long as by CLOCK_MONOTONIC") {
    const auto before = std::chrono::steady_clock::now();
    const auto from = cycle_clock::now();
    const auto inside = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < inside + 5ms) {
    }
    const auto inside_end = std::chrono::steady_clock::now();
    const auto to = cycle_clock::now();
    const auto after = std::chrono::steady_clock::now();
    const auto took = cycle_clock::between(from, to);
    // One part in a thousand: the rate is good to 50 ppm, and the machine may be busy.
    CHECK(took * 1.001 >= inside_end - inside);
    CHECK(took * 0.999 <= after - before);
}

TEST_CASE("cycle_clock: no duration is negative") {
    CHECK(cycle_clock::between(7, 6) == 0ns);
    CHECK(cycle_clock::between(7, 7) == 0ns);
}

TEST_CASE("cycle_clock: may be anchored and asked by several threads") {
    std::thread other([] {
        for (int i = 0; i < 1000; ++i) {
            cycle_clock::anchor();
        }
    });
    const auto ticks = cycle_clock::now();
    const auto time = cycle_clock::to_time(ticks);
    for (int i = 0; i < 1000; ++i) {
        cycle_clock::anchor();
        const auto again = cycle_clock::to_time(ticks);
        CHECK(again >= time - pairing_error);
        CHECK(again <= time + pairing_error);
    }
    other.join();
}
