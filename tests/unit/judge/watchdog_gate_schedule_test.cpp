// SPDX-License-Identifier: MIT
//
// Invariants of the gate under random schedules of loops, reloads and shutdown.
#include "judge/watchdog_gate.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1000s};
constexpr duration period = 9s;
constexpr duration interval = 250ms;

/// A loop with a 250 ms sampler that gets blocked now and then.
struct random_loop {
    std::string name;
    bool critical = true;
    time_point deadline = start + interval;
    time_point blocked_until = start;
    duration sample{};
    std::uint64_t progress = 0;

    loop_vitals at(time_point now) {
        for (auto fired = std::max(deadline, blocked_until); fired <= now;
             fired = std::max(deadline, blocked_until)) {
            sample = fired - deadline;
            ++progress;
            deadline += (sample / interval + 1) * interval;
        }
        const auto overdue = std::max<duration>(now - deadline, 0ns);
        return {.name = name,
                .critical = critical,
                .lag = std::max(sample, overdue),
                .overdue = overdue > 0ns,
                .progress = progress};
    }
};

TEST_CASE("watchdog_gate: whatever the loops do, what systemd hears is consistent") {
    const auto seed = GENERATE(range(1u, 9u));
    CAPTURE(seed);
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> percent(0, 99);
    std::uniform_int_distribution<int> step_ms(1, 400);
    std::uniform_int_distribution<int> block_ms(50, 9000);
    const auto ms = [&random](auto& of) { return std::chrono::milliseconds(of(random)); };

    const watchdog_limits limits{
        .action = seed % 2 == 0 ? watchdog_action::trigger : watchdog_action::withhold, .lag = 3s};
    const auto ready_at = start + 5s;
    const auto judge_from = ready_at + 5s;
    const auto stopping_at = start + 20min;

    watchdog_gate gate(limits, period);
    std::array<random_loop, 3> loops{{{"main"}, {"second"}, {"idle", false}}};
    bool ready = false;
    bool stopping = false;
    bool tripped = false;
    bool told = false;
    auto last_ping = ready_at;
    int pings = 0;
    int trips = 0;
    int survivals = 0;

    for (auto now = start; now < stopping_at + 1min; now += ms(step_ms)) {
        if (!ready && now >= ready_at) {
            gate.ready(now, judge_from);
            ready = true;
        }
        if (!stopping && now >= stopping_at) {
            gate.stopping();
            stopping = true;
        }
        for (auto& loop : loops) {
            if (now >= loop.blocked_until && percent(random) == 0) {
                loop.blocked_until = now + ms(block_ms);
            }
        }

        const std::array vitals{loops[0].at(now), loops[1].at(now), loops[2].at(now)};
        const bool late = vitals[0].lag >= limits.lag || vitals[1].lag >= limits.lag;
        const bool overdue = vitals[0].overdue || vitals[1].overdue;
        const auto decision = gate.step(now, vitals);

        REQUIRE((!decision.trigger || decision.tripped));
        REQUIRE_FALSE((decision.ping && (decision.trigger || decision.tripped)));
        REQUIRE_FALSE((decision.tripped && decision.survived));
        if (!ready || stopping) {
            REQUIRE_FALSE((decision.ping || decision.tripped || decision.survived));
            REQUIRE(gate.state() == watchdog_state::off);
            continue;
        }
        if (decision.tripped) {
            REQUIRE_FALSE(tripped);
            REQUIRE(late);
            REQUIRE(now >= judge_from);
            REQUIRE(decision.tripped->loop != "idle");
            REQUIRE(decision.trigger == (limits.action == watchdog_action::trigger));
            tripped = true;
            told = false;
            ++trips;
        } else if (!tripped && now >= judge_from && overdue) {
            // The pending deadline alone is enough; a late sample of the start-up is not.
            REQUIRE((!late || now - judge_from < 9s));
        }
        if (decision.survived) {
            REQUIRE(tripped);
            REQUIRE_FALSE(told);
            told = true;
            ++survivals;
        }
        if (decision.ping) {
            if (tripped) { // armed again
                REQUIRE(told);
                REQUIRE_FALSE(overdue);
                REQUIRE_FALSE(late);
                tripped = false;
            } else {
                REQUIRE((pings == 0 || now - last_ping >= period / 3));
            }
            last_ping = now;
            ++pings;
        } else if (!tripped && !overdue) {
            REQUIRE(now - last_ping < period / 3);
        }
        REQUIRE((gate.state() == watchdog_state::armed) == !tripped);
        REQUIRE(gate.next_check() > now);
    }
    CHECK(pings > 50);
    CHECK(trips > 3);
    CHECK(survivals > 3);
}

} // namespace
} // namespace loopmon::judge
