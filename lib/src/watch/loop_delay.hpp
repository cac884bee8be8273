// SPDX-License-Identifier: MIT
//
// How late one loop is, with what is not its fault taken out. There are two witnesses: the deadline
// of the sampler, and, in a program that is built with tracking, the turn that the loop is in. Not
// its fault is time in which the process stood still, in which run() was not being called because
// it had returned, and in which a handler is as long as it said it would be.
#pragma once

#include "measure/expectation.hpp"
#include "measure/lag_gauge.hpp"
#include "measure/loop_state.hpp"
#include "measure/loop_tracking.hpp"
#include "model/time.hpp"
#include "watch/pause_detector.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace loopmon::watch {

class loop_delay {
public:
    /// What is known at one moment.
    struct reading {
        duration completed{}; ///< the last sample, or a longer turn that ended since the last look
        duration growing{};   ///< what is late at this moment; zero if nothing is
        /// The moment that `growing` counts from, or will: a deadline that is still to come.
        /// Nothing for a loop that is parked, or does not run.
        std::optional<time_point> since;
        /// All handlers that can hold it up have announced themselves: the announcement that ends
        /// first.
        std::optional<measure::expectation> expected;
        [[nodiscard]] duration lag() const { return std::max(completed, growing); }
    };

    loop_delay(std::shared_ptr<measure::loop_state> loop,
               std::shared_ptr<measure::lag_gauge> gauge);

    /// Whether anything is late, or has been since the last look, so that update() is worth its
    /// while.
    [[nodiscard]] bool needs_look(time_point now, duration noticeable, const pause_ledger& pauses);
    /// What a reading's `since` is while nothing is late.
    [[nodiscard]] std::optional<time_point> due() const;

    /// The next look. Takes note of what has completed since the last one.
    /// @param noticeable a shorter delay is not worth asking the context about
    reading update(time_point now, duration noticeable, const pause_ledger& pauses);
    /// The same without taking note: for those who ask in between.
    [[nodiscard]] reading peek(time_point now, const pause_ledger& pauses) const;

    /// The longest lag that had completed at a look or needs_look() since the last call.
    [[nodiscard]] duration take_max();
    /// All that has completed by now is forgotten as a maximum.
    void reset_max(time_point now);
    /// The last sample.
    [[nodiscard]] duration sample(const pause_ledger& pauses) const;

    /// The loop is built with tracking, and its turns are seen.
    [[nodiscard]] bool sees_turns() const;
    /// Distinguishes one delay from the next.
    [[nodiscard]] std::uint64_t id() const;
    /// The thread that holds the loop up if one does: that of handler(), else the one that sampled
    /// last. Zero: not known.
    [[nodiscard]] pid_t thread() const;
    /// Of the handlers that can hold the loop up, the one that runs the longest, not counting the
    /// time that it announced.
    [[nodiscard]] std::optional<measure::running_handler> handler() const;
    /// Handlers that began before the present turn: the loop goes on without their threads.
    [[nodiscard]] std::vector<measure::running_handler> outlasting() const;

private:
    /// A deadline and a turn that count from `from` only: what went before was not their fault.
    struct exemption {
        std::optional<time_point> deadline;
        std::uint64_t turn = 0;
        time_point from{};
        bool lasts = false;
    };

    /// That of the sampler, or of the last turn. Zero: not known.
    [[nodiscard]] pid_t seen_thread() const;
    void check_running(time_point now, duration noticeable);
    void check_expected(time_point now, reading& is, const pause_ledger& pauses);
    [[nodiscard]] std::optional<measure::expectation> expected() const;
    [[nodiscard]] bool has_several_threads() const;
    [[nodiscard]] std::optional<time_point> concerned_since() const;
    /// visit(handler) for those that can hold the loop up.
    template <class Visit>
    void each_holding(Visit visit) const;
    template <class Visit>
    void each_outlasting(Visit visit) const;
    /// Since when a deadline or a turn counts that began at `from`; nullopt: not at present.
    template <class Affects>
    [[nodiscard]] std::optional<time_point> counts_from(time_point from, Affects affects) const;
    void drain(time_point now, const pause_ledger& pauses);
    void collect(time_point now, const pause_ledger& pauses);
    [[nodiscard]] duration growing(time_point now, const pause_ledger& pauses) const;

    std::shared_ptr<measure::loop_state> loop_;
    std::shared_ptr<measure::lag_gauge> gauge_;
    exemption stopped_;         ///< run() was not being called
    exemption expected_;        ///< a handler was as long as it said; its completion is not news
    time_point drained_{};      ///< when the maxima were taken last
    duration completed_turn_{}; ///< the longest that ended between the last two looks
    duration drained_turn_{};   ///< the longest that ended since then
    duration max_{};
    duration looked_growing_{}; ///< what was late at the last look
};

} // namespace loopmon::watch
