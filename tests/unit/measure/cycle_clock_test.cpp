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

// The last one here: the counter is not used again in this process.
TEST_CASE("cycle_clock: a contradiction ends the use of the counter, and time goes on") {
    if (cycle_clock::chosen() != cycle_clock::source::counter) {
        WARN("not here: this machine has no cycle counter that is trusted");
        return;
    }
    cycle_clock::anchor();
    REQUIRE(cycle_clock::chosen() == cycle_clock::source::counter);
    const auto began = std::chrono::steady_clock::now();
    const auto from = cycle_clock::now();
    const nanoseconds suspended = 10s; // which CLOCK_MONOTONIC would have counted
    cycle_clock::anchor({from, (began.time_since_epoch() + suspended).count()}, 0);
    CHECK(cycle_clock::chosen() == cycle_clock::source::lost);

    const auto to = cycle_clock::now();
    CHECK(cycle_clock::between(from, to) <=
          std::chrono::steady_clock::now() - began + pairing_error);
    for (int i = 0; i < 2; ++i) { // by the last anchor that was good, and by one after it
        const auto before = std::chrono::steady_clock::now();
        const auto time = cycle_clock::to_time(cycle_clock::now());
        CHECK(time >= before - pairing_error);
        CHECK(time <= std::chrono::steady_clock::now() + pairing_error);
        cycle_clock::anchor();
    }
    CHECK(cycle_clock::chosen() == cycle_clock::source::lost);
}

TEST_CASE("cycle_clock: what was read just before is taken again, and what is older is not") {
    // Whatever the clock: with the counter each read is a new one.
    const auto before = cycle_clock::now();
    CHECK(cycle_clock::recent() >= before);
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < began + 1ms) {
    }
    const auto after = cycle_clock::recent();
    CHECK(cycle_clock::between(before, after) * 1.001 >= 1ms);
}
