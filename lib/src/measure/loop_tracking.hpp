// SPDX-License-Identifier: MIT
//
// What the hooks of a program that is built with loopmon::tracking know of one loop. Written by the
// threads that create and run its handlers, each on cache lines of its own; read by the watcher,
// which never stops them.
//
// A *turn* is what a loop does between two looks at its descriptors and timers: from the return of
// one epoll_wait to the call of the next. What that means for work that arrives is in turn_lag.hpp.
// A loop on several threads has one turn at a time as well: asio lets one thread poll at a time,
// and any of them may be the next.
#pragma once

#include "measure/histogram.hpp"
#include "measure/list_probe.hpp"
#include "measure/turn_lag.hpp"
#include "measure/turn_log.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include <sys/types.h>

namespace loopmon::measure {

/// A handler that is running, a consistent copy.
struct running_handler {
    pid_t thread = 0;
    std::uint64_t sequence = 0; ///< of this thread on this loop; the next handler has another one
    std::chrono::steady_clock::time_point began{};
    const char* object = "";    ///< what asio calls it, e.g. "socket"
    const char* operation = ""; ///< e.g. "async_receive"
    std::uint64_t task = 0;     ///< id in the task table of its loop, zero: none
};

/// A handler that was ready when it was created, and had to wait for its begin.
struct waited_handler {
    nanoseconds waited{};
    std::chrono::steady_clock::time_point began{};
    const char* object = "";
    const char* operation = "";
    std::uint64_t task = 0;
};

/// The turn of the loop.
struct turn_status {
    std::uint64_t sequence = 0; ///< grows with each turn
    /// When it began; nothing while the loop is parked in its poll, or before the first one.
    std::optional<std::chrono::steady_clock::time_point> began;
    std::uint64_t handlers = 0; ///< that ended in it so far
};

/// created = finished + threw + abandoned + live, where the live ones wait or run.
struct handler_totals {
    std::uint64_t created = 0;
    std::uint64_t finished = 0;
    std::uint64_t threw = 0;     ///< ended by an exception
    std::uint64_t abandoned = 0; ///< destroyed without having run
    nanoseconds busy{};          ///< spent in handlers, by all threads
    [[nodiscard]] std::uint64_t live() const { return created - finished - threw - abandoned; }
};

class thread_slot;

/// All readers are wait-free and for any thread. What they add up is consistent within a handler or
/// two that begin and end meanwhile.
class loop_tracking : public std::enable_shared_from_this<loop_tracking> {
public:
    /// @param active its turns and handlers will be recorded
    explicit loop_tracking(bool active = true) noexcept;
    ~loop_tracking();
    loop_tracking(const loop_tracking&) = delete;
    loop_tracking& operator=(const loop_tracking&) = delete;

    // -- for the watcher
    /// Turns and handlers are recorded; else all of the rest stays zero.
    [[nodiscard]] bool active() const noexcept { return active_; }
    [[nodiscard]] turn_status turn() const noexcept;
    /// The innermost handler of each thread that runs one.
    [[nodiscard]] std::vector<running_handler> running() const;
    /// visit(running_handler) for each of them. Allocates nothing.
    template <class Visit>
    void each_running(Visit&& visit) const {
        visit_running(
            [](void* by, const running_handler& seen) {
                (*static_cast<std::remove_reference_t<Visit>*>(by))(seen);
            },
            const_cast<void*>(static_cast<const void*>(&visit)));
    }
    [[nodiscard]] handler_totals totals() const noexcept;
    /// Longest lag that was completed since the last call: a turn, or what a loop that has more
    /// ready than it fetches at once made work wait. For one caller.
    [[nodiscard]] nanoseconds take_max_turn() noexcept;
    /// Of the long turns that ended, those that were not disregarded.
    [[nodiscard]] turn_log& ended_turns() noexcept { return ended_turns_; }
    [[nodiscard]] const turn_log& ended_turns() const noexcept { return ended_turns_; }
    /// Empty until watch_turns() was called.
    [[nodiscard]] lag_time lag(std::chrono::steady_clock::time_point now) const noexcept;
    /// From creation to begin, of handlers that are posted: their creation means that they are
    /// ready. Handlers that wait for something are not in it.
    [[nodiscard]] bucket_counts queue_delays() const noexcept;
    /// Of the handlers that began since the last call and had waited for longer than `floor`, the
    /// one that waited longest. The first call only says that they are wanted. One that still waits
    /// is in no list of any queue, and is seen when it begins. For one caller.
    [[nodiscard]] std::optional<waited_handler> take_longest_wait(nanoseconds floor) noexcept;
    /// Own time of handlers, without that of handlers that ran inside of them.
    [[nodiscard]] bucket_counts run_times() const noexcept;
    /// That have run handlers of this loop, and live.
    [[nodiscard]] unsigned threads() const noexcept;
    /// This turn will not be recorded: the context does not run, so it is not late.
    void exclude_turn(std::uint64_t sequence) noexcept;

    // -- for the hooks
    /// The slot for a thread that has none in this loop yet. Lock-free.
    /// @return null: no memory
    [[nodiscard]] thread_slot* slot_for(pid_t thread) noexcept;
    /// The context is gone.
    void end() noexcept { over_.store(true, std::memory_order_release); }
    [[nodiscard]] bool over() const noexcept { return over_.load(std::memory_order_acquire); }

    // -- for the poll hook; one thread at a time, by asio's own mutex
    /// From now on turns are recorded.
    /// @throws std::bad_alloc
    void watch_turns();
    std::atomic<int> polled{-1}; ///< the descriptor that its turns are known by; the poll hook's
    list_probe probe;            ///< the poll hook's
    void begin_turn(std::uint64_t ticks, const polled_batch& batch = {}) noexcept;
    void end_turn(std::uint64_t ticks) noexcept;

private:
    void visit_running(void (*visit)(void* by, const running_handler& seen), void* by) const;
    [[nodiscard]] std::uint64_t ended_handlers() const noexcept;

    const bool active_;
    std::atomic<thread_slot*> slots_{nullptr};
    std::atomic<bool> over_{false};
    std::atomic<turn_lag*> lag_{nullptr}; ///< owned; null: nobody watches
    std::atomic<std::uint64_t> excluded_{0};
    /// The words of the turn are on a cache line of their own. 64: as in thread_slot.
    alignas(64) std::atomic<std::uint64_t> turn_{0}; ///< odd: a turn is on
    std::atomic<std::uint64_t> turn_began_{0};       ///< ticks
    std::atomic<std::uint64_t> ended_before_{0};     ///< handlers that ended before the turn
    std::atomic<std::int64_t> max_turn_ns_{0};
    turn_log ended_turns_;
};

} // namespace loopmon::measure
