// SPDX-License-Identifier: MIT
#include "measure/tick_rate.hpp"
#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <random>

using namespace loopmon::measure;
using namespace std::chrono_literals;

TEST_CASE("tick_rate: without a calibration ticks are nanoseconds") {
    const tick_rate rate;
    CHECK(rate.to_duration(0) == 0ns);
    CHECK(rate.to_duration(123'456'789) == 123'456'789ns);
}

TEST_CASE("tick_rate: a rate is that of two pairs of the clocks") {
    // 2.5 GHz
    const auto rate = tick_rate::between({1'000, 70}, {1'000 + 5'000'000, 70 + 2'000'000});
    CHECK(rate.to_duration(2'500'000'000) <= 1s);
    CHECK(rate.to_duration(2'500'000'000) >= 1s - 1ns);
    CHECK(rate.to_duration(5) <= 2ns);
    CHECK(rate.to_short_duration(2'500'000'000) == rate.to_duration(2'500'000'000));
}

TEST_CASE("tick_rate: counters from 1 MHz to 4 GHz are converted to a billionth, for a year") {
    const auto hertz = GENERATE(1'000'000U, 24'000'000U, 1'000'000'000U, 4'000'000'000U);
    const auto rate = tick_rate::of_frequency(hertz);
    const nanoseconds year = 8760h;
    const auto converted = rate.to_duration(std::uint64_t{hertz} * 8760 * 3600);
    CHECK(converted <= year);
    CHECK(year - converted <= year / 1'000'000'000);
}

TEST_CASE("tick_rate: no number of ticks overflows") {
    const auto rate = tick_rate::of_frequency(1'000'000);
    CHECK(rate.to_duration(~std::uint64_t{0}) == nanoseconds::max());
}

TEST_CASE("tick_rate: a moment is computed from the anchor, before it and after it") {
    const auto rate = tick_rate::of_frequency(500'000'000); // 2 ns a tick
    const clock_pair anchor{1'000, 5'000'000};
    CHECK(rate.to_ns(1'000, anchor) == 5'000'000);
    CHECK(rate.to_ns(1'001, anchor) == 5'000'002);
    CHECK(rate.to_ns(999, anchor) == 4'999'998);
    CHECK(rate.to_ns(0, anchor) == 4'998'000);
}

TEST_CASE("tick_rate: ticks of a moment are those that the moment is converted from") {
    const auto hertz = GENERATE(25'000'000U, 1'000'000'000U, 3'000'000'000U);
    const auto rate = tick_rate::of_frequency(hertz);
    const clock_pair anchor{std::uint64_t{1} << 60U, 5'000'000'000'000};
    for (const nanoseconds after : {nanoseconds(0), nanoseconds(1h), nanoseconds(-1h)}) {
        const auto ticks = rate.to_ticks(anchor.ns + after.count(), anchor);
        const auto back = nanoseconds(rate.to_ns(ticks, anchor) - anchor.ns);
        CHECK(std::abs((back - after).count()) <= std::abs(after.count()) / 50'000'000 + 50);
    }
}

TEST_CASE("tick_rate: arithmetic without integers of 128 bits agrees with that with them") {
    using namespace fixed_point;
    std::mt19937_64 random(4711);
    for (int i = 0; i < 100'000; ++i) {
        const auto a = random() >> (random() % 64);
        const auto b = (random() >> (random() % 64)) | 1U;
        INFO(a << " and " << b);
        REQUIRE(portable_product(a, b) == product(a, b));
        if (a / b < 1U << 31U) { // else the quotient does not fit
            REQUIRE(portable_quotient(a, b) == quotient(a, b));
        }
    }
    CHECK(portable_product(greatest, greatest) == greatest);
    CHECK(portable_product(greatest, std::uint64_t{1} << fraction_bits) == greatest);
}
