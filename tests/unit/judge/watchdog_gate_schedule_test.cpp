// SPDX-License-Identifier: MIT
//
// Invariants of the gate under random schedules: loops come, go and rest at any time, each with a
// grace of its own; they are late for any cause; limits and action change at any time.
#include "judge/watchdog_gate.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

namespace loopmon::judge {
namespace {

using namespace std::chrono_literals;

constexpr time_point start{1000s};
constexpr duration period = 9s;
constexpr duration interval = 250ms;

constexpr std::array names{"main", "second", "third", "fourth"};
constexpr std::array causes{cause::none, cause::blocked, cause::cpu, cause::starved, cause::paused};

/// A loop with a 250 ms sampler that gets blocked, or stops running, now and then.
struct random_loop {
    std::string name;
    bool critical = true;
    time_point judge_from = start;
    time_point deadline = start + interval;
    time_point blocked_until = start;
    time_point rests_until = start;
    model::cause cause = model::cause::none;
    duration sample{};
    std::uint64_t progress = 0;

    loop_vitals at(time_point now) {
        if (now < rests_until) {
            deadline = rests_until + interval;
            sample = {};
        }
        for (auto fired = std::max(deadline, blocked_until); fired <= now;
             fired = std::max(deadline, blocked_until)) {
            sample = fired - deadline;
            ++progress;
            deadline += (sample / interval + 1) * interval;
        }
        const auto overdue = std::max<duration>(now - deadline, 0ns);
        return {.name = name,
                .critical = critical,
                .judge_from = judge_from,
                .lag = std::max(sample, overdue),
                .overdue = overdue > 0ns,
                .progress = progress,
                .cause = cause};
    }
};

struct chance {
    std::mt19937 random;

    bool one_in(int n) { return std::uniform_int_distribution(1, n)(random) == 1; }
    duration ms(int least, int most) {
        return std::chrono::milliseconds(std::uniform_int_distribution(least, most)(random));
    }
    template <class Container>
    auto& of(Container& from) {
        return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
    }

    watchdog_limits limits() {
        watchdog_limits chosen{.lag = ms(500, 8000)};
        constexpr std::array actions{watchdog_action::trigger, watchdog_action::trigger,
                                     watchdog_action::withhold, watchdog_action::off};
        chosen.action = of(actions);
        if (one_in(4)) {
            chosen.trip_on = {cause::blocked, cause::starved};
        }
        return chosen;
    }
};

void disturb(chance& chance, std::vector<random_loop>& loops, time_point now) {
    if (loops.size() < names.size() && chance.one_in(400)) {
        std::string name;
        do { // may be that of one that has gone
            name = chance.of(names);
        } while (std::any_of(loops.begin(), loops.end(),
                             [&](const random_loop& loop) { return loop.name == name; }));
        loops.push_back({.name = name,
                         .critical = !chance.one_in(4),
                         .judge_from = now + (chance.one_in(2) ? 0s : chance.ms(0, 60'000)),
                         .deadline = now + interval});
    }
    if (!loops.empty() && chance.one_in(800)) {
        loops.erase(loops.begin() + (&chance.of(loops) - loops.data()));
    }
    for (auto& loop : loops) {
        if (now >= loop.blocked_until && chance.one_in(100)) {
            loop.blocked_until = now + chance.ms(50, 15'000);
            loop.cause = chance.of(causes);
        }
        if (chance.one_in(500)) {
            loop.rests_until = now + chance.ms(100, 30'000);
        }
        if (chance.one_in(1000)) {
            loop.critical = !loop.critical;
        }
    }
}

TEST_CASE("watchdog_gate: whatever the loops do, what systemd receives is consistent") {
    const auto seed = GENERATE(range(1u, 17u));
    CAPTURE(seed);
    chance chance{std::mt19937(seed)};

    const auto ready_at = start + 5s;
    const auto stopping_at = start + 30min;
    auto limits = chance.limits();
    watchdog_gate gate(limits, period);
    std::vector<random_loop> loops;
    bool ready = false;
    bool stopping = false;
    bool tripped = false;
    bool reported_alive = false;
    std::string of_trip;
    auto last_ping = ready_at;
    int pings = 0;
    int trips = 0;
    int returns = 0;
    bool debugged = false;
    auto wait = period;
    int waits = 0;

    for (auto now = start; now < stopping_at + 1min;
         now = std::max(now + 1ms, std::min(now + chance.ms(1, 400), gate.next_check()))) {
        if (!ready && now >= ready_at) {
            gate.ready(now, {});
            ready = true;
            last_ping = now;
        }
        if (!stopping && now >= stopping_at) {
            gate.stopping();
            stopping = true;
        }
        disturb(chance, loops, now);
        if (chance.one_in(300)) {
            limits = chance.limits();
            gate.configure(limits);
        }
        if (chance.one_in(300)) {
            debugged = !debugged;
            gate.debugged(debugged);
        }
        std::vector<loop_vitals> vitals;
        vitals.reserve(loops.size());
        for (auto& loop : loops) {
            vitals.push_back(loop.at(now));
        }
        const bool off = limits.action == watchdog_action::off;
        const auto counts = [&](const loop_vitals& loop) {
            return !off && loop.critical && now >= loop.judge_from && limits.trips_for(loop.cause);
        };
        const auto trips_gate = [&](const loop_vitals& loop) {
            return counts(loop) && loop.lag >= limits.lag;
        };
        const auto withholds = [&](const loop_vitals& loop) {
            return counts(loop) && loop.overdue;
        };

        const auto decision = gate.step(now, vitals);

        CAPTURE(now - start);
        REQUIRE((!decision.trigger || decision.tripped));
        REQUIRE_FALSE((decision.ping && decision.tripped));
        REQUIRE_FALSE((decision.tripped && decision.survived));
        if (!ready || stopping) {
            REQUIRE_FALSE(
                (decision.ping || decision.tripped || decision.survived || decision.armed));
            REQUIRE_FALSE(decision.wait);
            REQUIRE(gate.state() == watchdog_state::off);
            continue;
        }
        if (decision.survived) {
            REQUIRE(tripped);
            REQUIRE_FALSE(reported_alive);
            reported_alive = true;
        }
        if (decision.armed) {
            REQUIRE(tripped);
            REQUIRE(decision.ping);
            REQUIRE(decision.armed->loop == of_trip);
            REQUIRE((off || reported_alive));
            for (const auto& loop : vitals) {
                REQUIRE((off || !loop.critical || (!loop.overdue && loop.lag < limits.lag / 2)));
            }
            tripped = false;
            ++returns;
        }
        if (decision.tripped) {
            REQUIRE_FALSE(tripped);
            REQUIRE(std::any_of(vitals.begin(), vitals.end(), [&](const loop_vitals& loop) {
                return loop.name == decision.tripped->loop && trips_gate(loop);
            }));
            REQUIRE(decision.trigger == (limits.action == watchdog_action::trigger));
            tripped = true;
            reported_alive = false;
            of_trip = decision.tripped->loop;
            ++trips;
        }
        // Neither a trip nor a return without its record.
        REQUIRE((gate.state() == watchdog_state::armed) == !tripped);
        if (decision.wait) {
            REQUIRE(*decision.wait != wait);
            wait = *decision.wait;
            ++waits;
        }
        REQUIRE(wait == (debugged && !tripped && !off ? duration(1h) : period));
        if (decision.ping) {
            REQUIRE_FALSE(tripped);
            REQUIRE((pings == 0 || decision.armed || now - last_ping >= period / 3));
            last_ping = now;
            ++pings;
        } else if (!tripped) {
            REQUIRE(std::none_of(vitals.begin(), vitals.end(), trips_gate));
            const bool withheld = std::any_of(vitals.begin(), vitals.end(), withholds);
            REQUIRE((withheld || now - last_ping < period / 3));
        }
        REQUIRE(gate.next_check() > now);
    }
    CHECK(pings > 50);
    CHECK(trips > 3);
    CHECK(returns > 3);
    CHECK(waits > 10);
}

} // namespace
} // namespace loopmon::judge
