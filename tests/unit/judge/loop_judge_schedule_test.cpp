// SPDX-License-Identifier: MIT
//
// The judge with the watcher that its header describes, which wakes at next_lag() past the pending
// deadline or at next_check() and at no other time, and a loop with an absolute-deadline sampler
// that is blocked when the test says so. Proves that those two suffice, and that they never spin.
#include "judge/loop_judge.hpp"
#include "support/catch.hpp"
#include "unit/judge/events_of.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>
#include <vector>

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1000s};
constexpr duration interval = 250ms;
constexpr lag_limits limits{
    .warn = 100ms, .critical = 1s, .clear_after = 1s, .alerts_per_minute = 10};

/// From and to, offsets from `start`, in order.
using blocks = std::vector<std::pair<duration, duration>>;

struct record {
    duration at;
    event what;
};

struct watched_loop {
    blocks blocked;
    loop_judge judge;
    std::vector<record> records{};
    std::size_t wakes = 0;
    duration longest_lag{};

    explicit watched_loop(blocks when, lag_limits with = limits)
        : blocked(std::move(when)), judge("main", with) {
        judge.judge_from(start);
    }

    void run_until(duration end) {
        while (now_ < end) {
            complete_samples();
            look();
            const auto late = start + deadline_ + judge.next_lag();
            const auto next = std::min(late, judge.next_check()) - start;
            if (next <= now_) // REQUIRE is dear in a loop of 10^5
            {
                FAIL("the watcher would spin");
            }
            now_ = next;
        }
    }

    [[nodiscard]] std::vector<record> of_stalls() const {
        std::vector<record> found;
        for (const auto& one : records) {
            if (std::holds_alternative<stall>(one.what) && is_reported(one.what)) {
                found.push_back(one);
            }
        }
        return found;
    }
    [[nodiscard]] events all() const {
        events found;
        for (const auto& one : records) {
            found.push_back(one.what);
        }
        return found;
    }

private:
    duration now_{};
    duration deadline_ = interval;
    duration sample_{}; ///< the lag of the last one completed

    [[nodiscard]] duration fires(duration deadline) const {
        const auto after = std::upper_bound(
            blocked.begin(), blocked.end(), deadline,
            [](duration at, const blocks::value_type& block) { return at < block.first; });
        if (after == blocked.begin()) {
            return deadline;
        }
        return std::max(deadline, std::prev(after)->second);
    }

    void complete_samples() {
        while (fires(deadline_) <= now_) {
            const auto fired = fires(deadline_);
            sample_ = fired - deadline_;
            longest_lag = std::max(longest_lag, sample_);
            deadline_ += ((fired - deadline_) / interval + 1) * interval;
        }
    }

    void look() {
        const auto overdue = std::max(now_ - deadline_, duration::zero());
        events out;
        judge.step({.now = start + now_, .lag = std::max(sample_, overdue), .overdue = overdue},
                   out);
        for (auto& one : out) {
            records.push_back({now_, std::move(one)});
        }
        ++wakes;
    }
};

TEST_CASE("loop_judge: 900 ms blocked is one warning at warn and one recovered") {
    watched_loop loop({{10'001ms, 10'901ms}}); // misses the deadline at 10.25 s
    loop.run_until(20s);
    REQUIRE(loop.records.size() == 2);

    const auto& began = std::get<stall>(loop.records[0].what);
    CHECK(loop.records[0].at == 10'350ms);
    CHECK(began.severity == level::degraded);
    CHECK(began.lag == 100ms);
    CHECK(began.ongoing);

    const auto& ended = std::get<recovered>(loop.records[1].what);
    CHECK(ended.lasted == 651ms);
    CHECK(ended.peak == 651ms);
    // The sample of 11 s is the first on time; it is seen within warn.
    CHECK(loop.records[1].at >= 11s + limits.clear_after);
    CHECK(loop.records[1].at <= 11s + limits.clear_after + limits.warn);
}

TEST_CASE("loop_judge: 9 s blocked is reported at warn, critical, and its doublings") {
    watched_loop loop({{10'001ms, 19'001ms}});
    loop.run_until(30s);
    const auto stalls = loop.of_stalls();
    REQUIRE(stalls.size() == 5);
    const std::vector<duration> at{10'350ms, 11'250ms, 12'250ms, 14'250ms, 18'250ms};
    for (std::size_t i = 0; i < at.size(); ++i) {
        CHECK(stalls[i].at == at[i]);
    }
    REQUIRE(events_of<recovered>(loop.all()).size() == 1);
    CHECK(events_of<recovered>(loop.all())[0].lasted == 8751ms);
    CHECK(loop.records.size() == 6);
}

TEST_CASE("loop_judge: delays of half of warn keep an episode open") {
    // Every third sample is 60 ms late for ten seconds after the stall: 750 ms, under clear_after.
    blocks when{{1001ms, 1901ms}};
    for (duration at = 2749ms; at < 12s; at += 3 * interval) {
        when.emplace_back(at, at + 61ms);
    }
    watched_loop loop(when);
    loop.run_until(20s);
    CHECK(loop.judge.n_stalls() == 1);
    REQUIRE(loop.records.size() == 2);
    CHECK(loop.records[1].at > when.back().second + limits.clear_after);
    CHECK(std::get<recovered>(loop.records[1].what).lasted > 10s);
}

TEST_CASE("loop_judge: a healthy loop wakes the watcher at most once per sample") {
    watched_loop loop({});
    loop.run_until(1h);
    CHECK(loop.records.empty());
    CHECK(loop.wakes <= static_cast<std::size_t>(1h / interval) + 1);
}

TEST_CASE("loop_judge: a stall of an hour wakes the watcher at most once a warn") {
    watched_loop loop({{1001ms, 1h}});
    loop.run_until(1h);
    CHECK(loop.wakes <= static_cast<std::size_t>(1h / limits.warn) + 20);
    // warn and 2^0..2^11 s; the last doubling under an hour is 2048 s.
    CHECK(loop.of_stalls().size() == 13);
}

TEST_CASE("loop_judge: of 12 000 alerts few are reported, and each is counted") {
    // An episode of 100 ms every 500 ms. Both of its limits are reached.
    constexpr lag_limits flapping{
        .warn = 10ms, .critical = 100ms, .clear_after = 10ms, .alerts_per_minute = 10};
    constexpr std::size_t alerts = 12'000;
    blocks when;
    for (std::size_t i = 0; i < alerts / 2; ++i) {
        const auto at = (i + 1) * 2 * interval - 1ms;
        when.emplace_back(at, at + 120ms);
    }
    watched_loop loop(when, flapping);
    loop.run_until(when.back().second + 2min);
    CHECK(loop.judge.n_stalls() == alerts / 2);
    CHECK(loop.judge.n_critical() == alerts / 2);

    const auto stalls = loop.of_stalls();
    for (std::size_t i = flapping.alerts_per_minute; i < stalls.size(); ++i) {
        REQUIRE(stalls[i].at - stalls[i - flapping.alerts_per_minute].at >= 60s);
    }
    std::uint64_t reported = 0;
    for (const auto& one : events_of<suppressed>(loop.all())) {
        reported += one.count;
    }
    CHECK(stalls.size() == flapping.alerts_per_minute); // in the first ten seconds
    CHECK(stalls.size() + loop.judge.n_suppressed() == alerts);
    CHECK(made<stall>(loop.all()).size() == alerts);
    // Those of the first ten seconds that the budget held back; the others are in the summaries.
    CHECK(reported > 0);
    constexpr std::uint64_t changes = 2 * 10s / 500ms;
    CHECK(reported <= changes - stalls.size());
    CHECK(events_of<recurring>(loop.all()).size() == 9);
}

TEST_CASE("loop_judge: whatever the loop does, its records are consistent") {
    const auto seed = GENERATE(range(1u, 31u));
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::exponential_distribution<double> gap_ms(1 / 900.0);
    std::exponential_distribution<double> length_ms(1 / 300.0);
    const auto draw = [&random](auto& of) {
        return std::chrono::microseconds(1 + static_cast<std::int64_t>(of(random) * 1000));
    };
    blocks when;
    for (duration at = draw(gap_ms); at < 10min; at += draw(gap_ms)) {
        const auto to = at + draw(length_ms);
        when.emplace_back(at, to);
        at = to;
    }
    auto unlimited = limits;
    unlimited.alerts_per_minute = 1'000'000;
    watched_loop loop(when, unlimited);
    loop.run_until(when.back().second + 10s);

    std::uint64_t episode = 0;
    std::uint64_t criticals = 0;
    std::uint64_t counted = 0;
    bool open = false;
    duration opened{};
    duration reported{};
    auto worst = level::nominal;
    for (const auto& [at, what] : loop.records) {
        if (const auto* one = std::get_if<stall>(&what)) {
            if (!open) {
                REQUIRE(one->episode == ++episode);
                open = true;
                opened = at - one->lag;
                worst = level::nominal;
                reported = {};
            }
            REQUIRE(one->episode == episode);
            REQUIRE(one->lag >= one->threshold);
            REQUIRE(one->lag > reported);
            REQUIRE(one->severity >= worst);
            REQUIRE(one->severity != level::nominal);
            criticals += one->severity == level::stalled && worst != level::stalled ? 1 : 0;
            reported = one->lag;
            worst = one->severity;
        } else if (const auto* const sum = std::get_if<recurring>(&what)) {
            REQUIRE(sum->count > counted);
            REQUIRE(sum->total <= at);
            REQUIRE(sum->total >= sum->peak);
            counted = sum->count;
        } else if (const auto* const over = std::get_if<recurring_over>(&what)) {
            REQUIRE(over->count >= counted);
            counted = 0;
        } else {
            const auto& end = std::get<recovered>(what);
            REQUIRE(open);
            REQUIRE(end.episode == episode);
            REQUIRE(end.peak >= reported);
            REQUIRE(end.lasted >= end.peak);
            REQUIRE(opened + end.lasted + limits.clear_after <= at);
            open = false;
        }
    }
    CHECK_FALSE(open);
    CHECK(episode > 0);
    CHECK(episode == loop.judge.n_stalls());
    CHECK(criticals == loop.judge.n_critical());
    CHECK(loop.judge.state() == level::nominal);
}

} // namespace
} // namespace loopmon::judge
