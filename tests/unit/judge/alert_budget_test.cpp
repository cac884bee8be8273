// SPDX-License-Identifier: MIT
#include "judge/alert_budget.hpp"
#include "support/catch.hpp"

#include <random>
#include <vector>

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1000s};
constexpr duration tick = 1ns;

TEST_CASE("alert_budget: an alert is paid back after sixty seconds and not a tick earlier") {
    alert_budget budget(2);
    CHECK(budget.spend(start));
    CHECK(budget.spend(start + 10s));
    CHECK_FALSE(budget.allows(start + 60s - tick));
    CHECK_FALSE(budget.spend(start + 60s - tick));
    CHECK(budget.allows(start + 60s));
    CHECK(budget.spend(start + 60s));
    CHECK_FALSE(budget.spend(start + 70s - tick));
    CHECK(budget.spend(start + 70s));
    CHECK(budget.total_suppressed() == 2);
}

TEST_CASE("alert_budget: a rate of zero holds everything back and counts it") {
    alert_budget budget(0);
    CHECK_FALSE(budget.spend(start));
    CHECK_FALSE(budget.spend(start + 1h));
    CHECK(budget.total_suppressed() == 2);
}

TEST_CASE("alert_budget: the count is reported once, a minute after the first held back") {
    alert_budget budget(1);
    REQUIRE(budget.spend(start));
    CHECK(budget.next_check() == time_point::max());
    CHECK_FALSE(budget.take_report(start + 1h).has_value());

    const auto first = start + 5s;
    REQUIRE_FALSE(budget.spend(first));
    REQUIRE_FALSE(budget.spend(first + 30s));
    CHECK(budget.next_check() == first + 60s);
    CHECK_FALSE(budget.take_report(first + 60s - tick).has_value());
    CHECK(budget.take_report(first + 60s) == 2u);

    CHECK_FALSE(budget.take_report(first + 60s).has_value());
    CHECK(budget.next_check() == time_point::max());
    CHECK(budget.total_suppressed() == 2);
}

TEST_CASE("alert_budget: the next report counts from the next alert held back") {
    alert_budget budget(0);
    REQUIRE_FALSE(budget.spend(start));
    REQUIRE(budget.take_report(start + 60s) == 1u);
    REQUIRE_FALSE(budget.spend(start + 90s));
    CHECK_FALSE(budget.take_report(start + 150s - tick).has_value());
    CHECK(budget.take_report(start + 150s) == 1u);
}

TEST_CASE("alert_budget: a new rate keeps what was spent") {
    alert_budget budget(3);
    REQUIRE(budget.spend(start));
    REQUIRE(budget.spend(start));
    budget.configure(2);
    CHECK_FALSE(budget.spend(start + 1s));
    budget.configure(3);
    CHECK(budget.spend(start + 2s));
    CHECK_FALSE(budget.spend(start + 3s));
}

TEST_CASE("alert_budget: no minute sees more than the rate, and none is lost from the count") {
    const auto seed = GENERATE(1u, 2u, 3u, 4u);
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> gap_ms(0, 9000);
    constexpr std::size_t rate = 7;

    alert_budget budget(rate);
    std::vector<time_point> printed;
    std::uint64_t reported = 0;
    std::size_t asked = 0;
    auto now = start;
    for (; asked < 5000; ++asked) {
        now += std::chrono::milliseconds(gap_ms(random));
        if (budget.spend(now)) {
            printed.push_back(now);
        }
        reported += budget.take_report(now).value_or(0);
    }
    reported += budget.take_report(now + 60s).value_or(0);

    for (std::size_t i = rate; i < printed.size(); ++i) {
        REQUIRE(printed[i] - printed[i - rate] >= 60s);
    }
    CHECK(printed.size() > rate);
    CHECK(reported > 0);
    CHECK(reported == budget.total_suppressed());
    CHECK(printed.size() + budget.total_suppressed() == asked);
}

} // namespace
} // namespace loopmon::judge
