// SPDX-License-Identifier: MIT
//
// Everything that loopmon reports, as plain values. The judge makes most of them, the watcher
// and the composition root the rest; the reports turn them into journal records and D-Bus signals.
#pragma once

#include "model/culprit.hpp"
#include "model/level.hpp"
#include "model/log_settings.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace loopmon::model {

/// What each event has in common with others of its kind.
struct event_info {
    std::string_view name; ///< LOOPMON_EVENT
    /// MESSAGE_ID, under which systemd/loopmond.catalog explains the event. Never reused: an event
    /// whose meaning changes gets a new one (`systemd-id128 new`).
    std::string_view id;
    priority severity;
    priority critical = severity; ///< if the event has a level, and that is `stalled`
};

/// A loop is late by at least `threshold`. The first of an episode, its escalation to critical, and
/// the re-reports at doubling durations are all of this kind. The judge makes every one of them;
/// whether it is worth a record is a mark on it.
struct stall {
    static constexpr event_info info{"stall", "9d5618b938d24f54bd5b2bd08f3cf082", priority::warning,
                                     priority::err};
    std::string loop;
    std::uint64_t episode = 0; ///< the same number in every record of one episode
    level severity = level::degraded;
    duration lag{};
    duration threshold{}; ///< the limit that was passed: warn or critical
    model::cause cause = model::cause::unknown;
    bool ongoing = true; ///< false: the loop was found late only after it came back
    std::uint64_t active_tasks = 0;
    model::culprit culprit = {}; ///< filled in by the watcher
    /// Not zero: it is this thread alone that is stuck, in one handler; the loop goes on with the
    /// others and is not late.
    int thread = 0;
    bool reported = true; ///< false: held back by the alert budget
};

/// The episode is over: lag stayed under half of `warn` for `clear_after`, or the loop is not
/// watched any more.
struct recovered {
    static constexpr event_info info{"recovered", "a49be3105a6d4affab86ff4e23194d0b",
                                     priority::notice};
    std::string loop;
    std::uint64_t episode = 0;
    duration lasted{}; ///< from the start of the delay to its end, without the time of recovery
    duration peak{};
    model::cause cause = model::cause::unknown; ///< of the episode
    bool unwatched = false;                     ///< it was not over, but nobody watches it any more
    int thread = 0;                             ///< as in stall
    bool reported = true;                       ///< false: no record of this episode was
};

/// The watchdog gate gave up on a loop.
struct trip {
    static constexpr event_info info{"trip", "eddbbd6a464346c4be51a8f095c1f8b2", priority::crit};
    std::string loop;
    std::uint64_t episode = 0;
    duration lag{};
    duration threshold{}; ///< watchdog.lag
    model::cause cause = model::cause::unknown;
    std::uint64_t active_tasks = 0;
    model::culprit culprit = {}; ///< filled in by the watcher
};

/// A handler is long as it said it would be (loopmon::expect_long): reported once, instead of a
/// stall.
struct expected_long {
    static constexpr event_info info{"expected-long", "cca24c7d110a4162b412ef1bb3d214f5",
                                     priority::info};
    std::string loop;
    std::string reason;
    duration lag{};
    duration allowed{}; ///< what was asked for; later than that is a stall
};

/// Found in the state directory at the start.
struct previous_trip {
    static constexpr event_info info{"previous-trip", "af2b75569bdf43c3b19ad8d30b0dd571",
                                     priority::warning};
    std::string reason;
    wall_time when{};
};

/// A trip should have ended this process, and did not.
struct still_alive {
    static constexpr event_info info{"still-alive", "c7a8220cbded49318e6151ce0d2c1e3a",
                                     priority::err};
    duration since_trip{};
};

/// The watchdog is fed again after a trip that did not end this process.
struct rearmed {
    static constexpr event_info info{"rearmed", "cc42413a231a45b2b5d30b5a15bb7ee2",
                                     priority::notice};
    duration since_trip{};
    std::string loop;   ///< that tripped
    std::string reason; ///< why: "loop main has recovered"
};

/// What happened in a series of stalls.
struct delay_series {
    std::string loop;
    std::uint64_t count = 0; ///< how often since the begin of the series
    duration total{};        ///< late, in all
    duration peak{};         ///< the longest
    duration span{}; ///< from the begin of the first until now, or until the end of the last
    model::cause cause = model::cause::unknown; ///< of the last that had one
    time_point began{};
    wall_time since{}; ///< the same on the wall clock; filled in by the watcher
};

/// A loop is late repeatedly: at doubling intervals, instead of a stall each time.
struct recurring : delay_series {
    static constexpr event_info info{"recurring", "cbf6119208a7443ebbe061df20957d58",
                                     priority::warning};
};

/// For a while it was not late any more, or it is not watched any more.
struct recurring_over : delay_series {
    static constexpr event_info info{"recurring-over", "c20ac05753f04a57b708fcc921734448",
                                     priority::notice};
};

/// Work waits although its loop is on time, that of a strand, say.
struct backlog {
    static constexpr event_info info{"backlog", "e9167fcdb91a402a8dae347d8d66c189",
                                     priority::warning, priority::err};
    std::string loop;
    std::uint64_t episode = 0;
    level severity = level::degraded;
    duration waited{};        ///< from the creation of a handler that was ready to its begin
    duration threshold{};     ///< the limit that was passed: warn or critical
    std::string handler = {}; ///< who waited: asio's names, its task, and where that was spawned
    std::string task = {};
    std::string spawned = {};
    std::uint64_t active_tasks = 0;
    bool reported = true; ///< false: held back by the alert budget
};

/// No work has waited for half of `warn` for `clear_after`, or the loop is not watched any more.
struct backlog_over {
    static constexpr event_info info{"backlog-over", "097ecff6c2974592baa09d411722110a",
                                     priority::notice};
    std::string loop;
    std::uint64_t episode = 0;
    duration lasted{}; ///< from the creation of the first that waited to the begin of the last
    duration peak{};
    bool unwatched = false;
    bool reported = true; ///< false: no record of this episode was
};

/// The process or the machine stood still; no loop is blamed for it.
struct paused {
    static constexpr event_info info{"paused", "38e59ac2bc36444f97b57f3fe819ea88",
                                     priority::notice};
    duration lasted{}; ///< in all
    // Of more than one, which are summed up instead of reported each:
    std::uint64_t count = 1;
    duration peak{};
    duration span{}; ///< from the begin of the first until now, or until the end of the last
};

struct tasks_high {
    static constexpr event_info info{"tasks-high", "526e88e2e63e44c4b114189eda382c0e",
                                     priority::warning};
    std::string loop;
    std::uint64_t active_tasks = 0;
    std::uint64_t limit = 0;
};

/// The window minimum of the active tasks rose window after window.
struct tasks_leak {
    static constexpr event_info info{"tasks-leak", "be7df84905644960b96601e508c19345",
                                     priority::warning};
    std::string loop;
    std::uint64_t active_tasks = 0;
    std::uint64_t limit = 0; ///< the minimum that the rise started from
    unsigned windows = 0;
    duration window{};
};

struct tasks_normal {
    static constexpr event_info info{"tasks-normal", "a0f1360ce430426686b16c3fa6556af9",
                                     priority::notice};
    std::string loop;
    std::uint64_t active_tasks = 0;
    std::uint64_t limit = 0;
    bool unwatched = false; ///< it was not normal, but nobody watches the loop any more
};

struct probe_slow {
    static constexpr event_info info{"probe-slow", "d5c96ebcd5ff4c6b9f517d4374807f4b",
                                     priority::warning};
    std::string probe;
    duration latency{};
    duration threshold{};
};

struct probe_failed {
    static constexpr event_info info{"probe-failed", "480b99d2cac44a7eb9e3681f8095f95d",
                                     priority::warning};
    std::string probe;
    std::string error;
};

struct probe_ok {
    static constexpr event_info info{"probe-ok", "179719f70c0247bfa555f400e11425e7",
                                     priority::notice};
    std::string probe;
    duration latency{};
};

struct config_loaded {
    static constexpr event_info info{"config-loaded", "1168c02956084dab8e2de0c0ef044f97",
                                     priority::info};
    std::vector<std::string> files; ///< empty: built-in defaults
};

struct config_rejected {
    static constexpr event_info info{"config-rejected", "c564ba5b1d9c47c2af221cbf750543f6",
                                     priority::err};
    std::vector<std::string> files;
    std::string error; ///< one line a mistake
};

/// Alerts that the budget of a loop held back.
struct suppressed {
    static constexpr event_info info{"suppressed", "3dc7633c1ba445cb89c395ada4710421",
                                     priority::warning};
    std::string loop;
    std::uint64_t count = 0;
};

struct bus_lost {
    static constexpr event_info info{"bus-lost", "25d7b1affd2b47ce9696e00581efe569",
                                     priority::warning};
    std::string error;
};

struct bus_regained {
    static constexpr event_info info{"bus-regained", "59d27243c7d84fc28d730fdb901d6679",
                                     priority::notice};
};

using event = std::variant<stall, recovered, recurring, recurring_over, backlog, backlog_over,
                           expected_long, trip, previous_trip, still_alive, rearmed, paused,
                           tasks_high, tasks_leak, tasks_normal, probe_slow, probe_failed, probe_ok,
                           config_loaded, config_rejected, suppressed, bus_lost, bus_regained>;

using events = std::vector<event>;

[[nodiscard]] inline event_info info_of(const event& happened) {
    return std::visit([](const auto& of) { return of.info; }, happened);
}

/// How urgent it is.
[[nodiscard]] inline priority severity_of(const event& happened) {
    return std::visit(
        [](const auto& of) {
            if constexpr (requires { of.severity; }) {
                return of.severity == level::stalled ? of.info.critical : of.info.severity;
            } else {
                return of.info.severity;
            }
        },
        happened);
}

/// Whether an event belongs into the journal. One that does not still is a transition: whoever
/// keeps state by events takes it into account.
[[nodiscard]] inline bool is_reported(const event& happened) {
    return std::visit(
        [](const auto& of) {
            if constexpr (requires { of.reported; }) {
                return of.reported;
            } else {
                return true;
            }
        },
        happened);
}

} // namespace loopmon::model
