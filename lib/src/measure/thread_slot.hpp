// SPDX-License-Identifier: MIT
//
// What one thread does for one loop. Only that thread writes, by plain loads and stores; its first
// cache line is what the watcher looks at while a handler runs, the second counts, and the
// histograms exist only where a handler was run. A slot belongs to its loop and is never freed
// before it; the slot of a thread that ended goes on with the next new one. What the hooks call for
// each handler is inline, which saves a fifth of its instructions.
#pragma once

#include "measure/current_task.hpp"
#include "measure/histogram.hpp"
#include "measure/loop_tracking.hpp"

#include "measure/handler_tag.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

#include <sys/types.h>

namespace loopmon::measure {

class thread_record;

class alignas(64) thread_slot { // 64: the cache line of x86-64 and of most arm64
public:
    explicit thread_slot(loop_tracking& loop) noexcept;
    ~thread_slot();
    thread_slot(const thread_slot&) = delete;
    thread_slot& operator=(const thread_slot&) = delete;

    [[nodiscard]] loop_tracking& loop() const noexcept { return loop_; }

    // -- the list of the loop, which only grows
    [[nodiscard]] thread_slot* next() const noexcept { return next_; }
    void set_next(thread_slot* next) noexcept { next_ = next; }

    // -- any thread
    /// @return false if the slot has a thread
    [[nodiscard]] bool take(pid_t thread) noexcept;
    /// Which thread may write: that one sees its own record, and all others see another one.
    [[nodiscard]] const thread_record* owner() const noexcept {
        return owner_.load(std::memory_order_relaxed);
    }

    // -- the thread of the slot
    /// The owner begins to run handlers, for which the histograms are made unless memory is short.
    /// @param owner null: nobody
    void set_owner(const thread_record* owner) noexcept;
    void give_back() noexcept;
    /// It has another id after a fork. Async-signal-safe.
    void set_thread(pid_t thread) noexcept { thread_.store(thread, std::memory_order_release); }
    void created() noexcept { add(created_, 1); }
    void finished() noexcept { add(finished_, 1); }
    void threw() noexcept { add(threw_, 1); }
    void abandoned() noexcept { add(abandoned_, 1); }
    /// A handler begins, or is again the innermost one after one within it.
    void show(const shown_handler& handler) noexcept;
    /// The same.
    /// @pre none is shown
    void show_first(const shown_handler& handler) noexcept;
    void show_first(std::uint64_t began, const char* object, const char* operation,
                    task_handle task) noexcept;
    /// The handler that is shown works for this task from now on.
    void show_task(task_handle task) noexcept { task_.store(task, std::memory_order_release); }
    /// No handler of this loop runs in this thread.
    void show_none() noexcept;
    [[nodiscard]] bool shows() const noexcept {
        return sequence_.load(std::memory_order_relaxed) % 2 != 0;
    }
    [[nodiscard]] shown_handler shown() const noexcept;
    [[nodiscard]] std::uint64_t shown_began() const noexcept {
        return began_.load(std::memory_order_relaxed);
    }
    /// The handler that is shown was ready when it was created, and waited this long.
    void waited(nanoseconds length) noexcept;
    /// The handler that ends did, for this long without the handlers within it.
    void ran(nanoseconds own) noexcept;

    // -- any thread, wait-free
    [[nodiscard]] bool runs_handlers() const noexcept; ///< has a thread that ran one
    [[nodiscard]] std::optional<running_handler> running() const noexcept;
    /// Finished and threw.
    [[nodiscard]] std::uint64_t n_ended() const noexcept;
    /// Adds all but the created ones; see loop_tracking::totals().
    void add_ended_to(handler_totals& totals) const noexcept;
    [[nodiscard]] std::uint64_t n_created() const noexcept {
        return created_.load(std::memory_order_relaxed);
    }
    /// See loop_tracking::take_longest_wait().
    [[nodiscard]] std::optional<waited_handler> take_longest_wait(nanoseconds floor) noexcept;
    void add_queue_delays_to(bucket_counts& sum) const noexcept;
    void add_run_times_to(bucket_counts& sum) const noexcept;

private:
    /// Until the watcher asks for waits, none is noted.
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    struct histograms {
        histogram queue; ///< from creation to begin, of handlers that are ready when created
        histogram run;   ///< own time
    };

    /// One writer: cheaper than a locked addition. Whoever sees it sees what was counted before.
    static void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
        counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_release);
    }
    /// Null: out of memory.
    [[nodiscard]] histograms* records() noexcept {
        return histograms_.load(std::memory_order_relaxed);
    }
    void note_wait(nanoseconds length) noexcept;

    std::atomic<std::uint64_t> sequence_{0}; ///< odd: a handler runs
    std::atomic<std::uint64_t> began_{0};
    std::atomic<const char*> object_{nullptr};
    std::atomic<const char*> operation_{nullptr};
    std::atomic<task_handle> task_{0};
    std::atomic<pid_t> thread_{0};            ///< zero: free
    std::atomic<const thread_record*> owner_; ///< not null, which a thread without a record has

    alignas(64) std::atomic<std::uint64_t> created_{0};
    std::atomic<std::uint64_t> finished_{0};
    std::atomic<std::uint64_t> threw_{0};
    std::atomic<std::uint64_t> abandoned_{0};
    std::atomic<std::int64_t> busy_ns_{0};
    std::atomic<histograms*> histograms_{nullptr}; ///< owned
    loop_tracking& loop_;
    std::atomic<std::int64_t> longest_wait_ns_{never}; ///< what is longer is noted

    // The handler that waited the longest, on a line that is written seldom.
    alignas(64) std::atomic<std::uint64_t> waits_{0}; ///< noted so far; zero: being written
    std::atomic<std::int64_t> wait_ns_{0};
    std::atomic<std::uint64_t> wait_ended_{0}; ///< ticks
    std::atomic<const char*> wait_object_{nullptr};
    std::atomic<const char*> wait_operation_{nullptr};
    std::atomic<task_handle> wait_task_{0};
    std::atomic<std::uint64_t> taken_at_{0}; ///< what sequence_ was when the thread took the slot
    std::uint64_t n_waits_ = 0;              ///< the thread's
    std::uint64_t taken_wait_ = 0;           ///< the watcher's: the last of waits_ that it took
    thread_slot* next_ = nullptr;            ///< set before the slot is published
};

inline void thread_slot::show_first(const shown_handler& handler) noexcept {
    show_first(handler.began, handler.object, handler.operation, handler.task);
}

inline void thread_slot::show_first(std::uint64_t began, const char* object, const char* operation,
                                    task_handle task) noexcept {
    // A reader that sees one of these also sees that the last sequence is over. Releases and no
    // fence, because thread sanitizers do not know fences.
    began_.store(began, std::memory_order_release);
    object_.store(object, std::memory_order_release);
    operation_.store(operation, std::memory_order_release);
    task_.store(task, std::memory_order_release);
    show_none(); // which makes the sequence odd, as it was even
}

inline void thread_slot::show_none() noexcept {
    sequence_.store(sequence_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

inline void thread_slot::waited(nanoseconds length) noexcept {
    if (auto* const made = records()) {
        made->queue.record(length);
    }
    if (length.count() > longest_wait_ns_.load(std::memory_order_relaxed)) {
        note_wait(length);
    }
}

inline void thread_slot::ran(nanoseconds own) noexcept {
    busy_ns_.store(busy_ns_.load(std::memory_order_relaxed) + own.count(),
                   std::memory_order_relaxed);
    if (auto* const made = records()) {
        made->run.record(own);
    }
}

} // namespace loopmon::measure
