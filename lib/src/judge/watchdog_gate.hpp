// SPDX-License-Identifier: MIT
//
// Decides what is sent to the service manager. Pings go out every third of WATCHDOG_USEC, the first
// with or after READY=1 (a ping before it would arm the watchdog during start-up), none after
// STOPPING=1 (it would re-arm it), and only while every critical loop makes progress, or is late
// for a cause that does not trip. A critical loop that is late by `lag` for a cause that does trips
// the gate, once:
//
//   off ── ready ──▶ armed ── trip ──▶ triggered | withheld ── survived, recovered ─▶ armed
//
// After a trip nothing is pinged: the process is meant to end. If it does not (the service manager
// ignores watchdogs, the datagram was lost), still_alive is reported once, and after that the gate
// arms itself again when every critical loop is on time and under half of `lag`. Healing alone does
// not arm it: a ping would call off the end that the trip has announced. Only the operator can, by
// action = off. Each return to `armed` is reported as rearmed.
//
// A loop in its grace (judge_from of its vitals is still to come) neither trips nor holds a ping
// back: it may be as late as it likes, and systemd must not end the process for it.
//
// A debugger stops the pings with the process, for as long as somebody debugs it. While one is
// attached to a process whose gate is armed, the service manager is asked to wait an hour instead
// of its period; afterwards, and for a trip, which may rely on it, for its period again. A
// process that is stopped before a step has seen the debugger is ended anyway.
#pragma once

#include "model/event.hpp"
#include "model/state.hpp"

#include <loopmon/limits.hpp>

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace loopmon::judge {

using loopmon::watchdog_limits;

/// What the gate must know of one loop.
struct loop_vitals {
    std::string_view name;
    bool critical = true;
    time_point judge_from{};    ///< the end of its grace; max(): it is not judged
    duration lag{};             ///< live, as graded by loop_judge: without pauses, announcements
                                ///< and what was over before judging began
    bool overdue = false;       ///< a deadline has passed and is not met yet
    std::uint64_t progress = 0; ///< grows with every sample the loop completes
    model::cause cause = model::cause::none;
    std::uint64_t episode = 0;
    std::uint64_t active_tasks = 0;
};

/// What to do now. With a trip comes either a trigger or silence, never a ping; `survived`, `armed`
/// and the first ping after them may come together.
struct gate_decision {
    bool ping = false;
    bool trigger = false; ///< send WATCHDOG=trigger, after the records of the trip
    std::optional<trip> tripped;
    std::optional<still_alive> survived;
    std::optional<rearmed> armed; ///< after a trip; a ping comes with it
    /// How long the service manager is to wait for a ping, from now on; before a trigger.
    std::optional<duration> wait;
};

class watchdog_gate {
public:
    /// @param period WATCHDOG_USEC of the service manager; zero: it watches nothing, the gate stays
    ///               off.
    watchdog_gate(const watchdog_limits& limits, duration period);

    /// With action = off nothing trips, and what systemd has armed is always fed, also after a
    /// trip: it was armed for the service as a whole, and whoever chose `off` does not want it
    /// ended for its loops.
    void configure(const watchdog_limits& limits);

    /// READY=1 goes out now, and the first ping with it. The first call counts.
    void ready(time_point now, std::span<const loop_vitals> loops);

    /// STOPPING=1 goes out now: nothing is said any more.
    void stopping();

    /// Whether a debugger is attached to the process; counts from the next step on.
    void debugged(bool attached) { debugged_ = attached; }

    /// A ping that is due is held back while a critical loop is overdue for a cause that trips and
    /// has not progressed since the last ping, and goes out with the first step that sees progress
    /// or such a cause gone. What counts is the cause at this step: a loop that was fed while it
    /// was starved trips at once when it turns out to be blocked. Steps come in order of `now`; a
    /// late one trips nothing by itself.
    [[nodiscard]] gate_decision step(time_point now, std::span<const loop_vitals> loops);

    /// When step() is due next, lag aside (a trip is found by stepping when a critical loop is late
    /// by limits().lag); time_point::max() for never.
    [[nodiscard]] time_point next_check() const;

    [[nodiscard]] watchdog_state state() const { return state_; }
    [[nodiscard]] duration period() const { return period_; }
    /// How long the service manager waits for a ping now: for its period, or for a debugger.
    [[nodiscard]] duration wait() const;
    [[nodiscard]] const watchdog_limits& limits() const { return limits_; }

private:
    [[nodiscard]] const loop_vitals* worst_tripping(time_point now,
                                                    std::span<const loop_vitals> loops) const;
    [[nodiscard]] bool may_ping(time_point now, std::span<const loop_vitals> loops) const;
    [[nodiscard]] bool healed(std::span<const loop_vitals> loops) const;
    [[nodiscard]] time_point survival_due() const;
    void trip_on(time_point now, const loop_vitals& loop, gate_decision& decision);
    void watch_survival(time_point now, std::span<const loop_vitals> loops,
                        gate_decision& decision);
    void arm_again(time_point now, rearmed why, gate_decision& decision);
    void adapt_wait(time_point now, gate_decision& decision);
    void pinged(time_point now, std::span<const loop_vitals> loops);
    void ping_if_due(time_point now, std::span<const loop_vitals> loops, gate_decision& decision);

    watchdog_limits limits_;
    duration period_;
    watchdog_state state_ = watchdog_state::off;
    bool stopping_ = false;
    bool debugged_ = false;
    bool patient_ = false; ///< the service manager waits longer than its period
    time_point next_step_ = time_point::max();
    time_point next_ping_ = time_point::max();
    time_point last_ping_{}; ///< or READY=1, from which systemd counts as well
    time_point tripped_at_{};
    std::string tripped_; ///< the loop
    bool survival_reported_ = false;
    /// Progress of the critical loops at the last ping; a loop that came later is not in it.
    std::map<std::string, std::uint64_t, std::less<>> marks_;
};

} // namespace loopmon::judge
