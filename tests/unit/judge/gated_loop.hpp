// SPDX-License-Identifier: MIT
// A gate and one critical loop, `main`, shown to it step by step.
#pragma once

#include "judge/watchdog_gate.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace loopmon::judge {

struct gated_loop {
    static constexpr time_point start{std::chrono::seconds(1000)};
    /// A ping every 3 s; one that is held back is looked for every 900 ms.
    static constexpr duration period = std::chrono::seconds(9);
    static constexpr duration limit = std::chrono::seconds(5);

    watchdog_gate gate;
    std::uint64_t progress = 0;
    time_point judge_from = start;

    explicit gated_loop(watchdog_action action = watchdog_action::trigger,
                        duration watchdog = period)
        : gate({.action = action, .lag = limit}, watchdog) {}
    explicit gated_loop(std::vector<cause> causes)
        : gate({.lag = limit, .trip_on = std::move(causes)}, period) {}

    // Times are offsets from `start`.

    /// READY=1 at `start`, and the first ping with it.
    /// @return whether it is armed
    [[nodiscard]] bool get_ready(duration grace = duration::zero()) {
        judge_from = start + grace;
        const loop_vitals loop{.name = "main", .judge_from = judge_from, .progress = progress};
        gate.ready(start, std::span(&loop, 1));
        return gate.state() == watchdog_state::armed;
    }
    gate_decision shows(duration at, const loop_vitals& loop) {
        return gate.step(start + at, std::span(&loop, 1));
    }
    gate_decision punctual(duration at) {
        return shows(at, {.name = "main", .judge_from = judge_from, .progress = ++progress});
    }
    /// Overdue by `lag`, without progress since the previous call.
    gate_decision late(duration at, duration lag, cause why = cause::none) {
        return shows(at, {.name = "main",
                          .judge_from = judge_from,
                          .lag = lag,
                          .overdue = true,
                          .progress = progress,
                          .cause = why,
                          .episode = 7,
                          .active_tasks = 4});
    }
};

inline bool silent(const gate_decision& decision) {
    return !decision.ping && !decision.trigger && !decision.tripped && !decision.survived &&
           !decision.armed && !decision.wait;
}

} // namespace loopmon::judge
