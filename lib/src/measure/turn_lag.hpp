// SPDX-License-Identifier: MIT
//
// The lag of a loop by its turns: how long work waits that arrives at a random moment, as the time
// that passed by the lag of work arriving then.
//
// A loop serves work in the order in which it arrives. So at some moments it is known how long work
// that arrives there has to wait, until its handler begins; these are the *marks*:
//
// - A turn begins, and its batch of events was not full. The kernel's list is empty: work that
//   arrives now is fetched when the turn ends, and waits for the length of the turn.
// - A turn begins with a full batch. More waits in the list, and how much cannot be seen, so a
//   probe is put at the end of it (list_probe.hpp). Work that arrives now waits as long as the
//   probe, and for those events of the probe's own batch that came before it.
// - The loop falls asleep: nothing waits.
//
// Between two marks the lag is taken to change evenly. A loop that turns for 1 ms and then sleeps
// has 1 ms..0 in this time, the rest of the turn. In a loop that turns for d and then, without a
// sleep, for d', work that comes at the fraction u of the first turn waits (1 - u)·d for its end,
// and then for the work that came before it. Of the n handlers of the second turn the last may be
// its own, so that is u·d'·(n - 1)/n: together d..d'·(n - 1)/n. In a loop that has n clients, which
// send as soon as they are answered, this is exact, d..0 for a single one and about d for many.
// Without lag is what is left of the time that passed: sleep.
//
// What the lag was between two marks is known with the later one. Until then the watcher's copy has
// it apart, as if the loop fell asleep at the moment of the copy.
#pragma once

#include "measure/histogram.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace loopmon::measure {

/// The end of the poll with which a turn begins.
struct polled_batch {
    int events = 1;        ///< the probe not included
    bool full = false;     ///< it had no room for more
    bool may_sleep = true; ///< its timeout was not zero
    /// The probe came back in it: how many events were before it.
    std::optional<int> before_probe = std::nullopt;
    bool probe_set = false; ///< the probe was put at the end of the list right after it
};

/// Nanoseconds of time by the lag of work that arrived then; time without lag is left out.
struct lag_time {
    bucket_counts settled; ///< no bucket has less than in an earlier copy
    bucket_counts open;    ///< what is to be settled with the next marks, as far as it is known
    nanoseconds longest_open{};
};

/// Adds the time without lag.
/// @param lag     microseconds of some time
/// @param elapsed how long that was
void add_time_without_lag(bucket_counts& lag, nanoseconds elapsed) noexcept;

class turn_lag {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // -- the thread that polls, one at a time; wait-free
    /// @pre no turn is on
    void begin(std::uint64_t ticks, const polled_batch& batch) noexcept;
    /// @param handlers that ended in the turn. None: something outside of the loop kept it from
    ///                 polling
    /// @return the longest lag that is known by this
    nanoseconds end(std::uint64_t ticks, std::uint64_t handlers) noexcept;
    /// Ends a turn without recording it, nor what is open.
    void skip(std::uint64_t ticks) noexcept;

    // -- any thread; wait-free
    /// Consistent, unless the loop writes in each of a few attempts: then `open` is missing.
    [[nodiscard]] lag_time copy(time_point now) const noexcept;

private:
    static constexpr std::int64_t unknown = -1;

    struct state {
        std::uint64_t known_at = 0; ///< ticks of the last mark whose lag is known, as the next ones
        std::int64_t known_ns = unknown; ///< its lag; unknown: there was none since the loop slept
        std::uint64_t began = 0;         ///< the turn that is on; zero: none
        std::uint64_t ended = 0;         ///< the last one
        std::uint64_t probed = 0;        ///< the probe was set, and is awaited; zero: not
    };
    struct shared_state {
        std::atomic<std::uint64_t> known_at{0};
        std::atomic<std::int64_t> known_ns{unknown};
        std::atomic<std::uint64_t> began{0};
        std::atomic<std::uint64_t> ended{0};
        std::atomic<std::uint64_t> probed{0};
    };
    /// While it lives copies are not consistent.
    class writing;

    [[nodiscard]] bool slept(std::uint64_t ticks, const polled_batch& batch) const noexcept;
    void reach(std::uint64_t at, nanoseconds lag) noexcept;
    void set_known(std::uint64_t at, std::int64_t lag_ns) noexcept;
    [[nodiscard]] std::optional<state> try_copy(bucket_counts& counts) const noexcept;

    std::atomic<std::uint64_t> version_{0}; ///< odd: it is written
    shared_state now_;
    double before_probe_ = -1; ///< share of the events before it; negative: it did not come back
    bool probe_set_ = false;   ///< after the poll with which the turn began
    histogram time_;           ///< settled, ns
};

} // namespace loopmon::measure
