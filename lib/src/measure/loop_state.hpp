// SPDX-License-Identifier: MIT
//
// What there is to know about one event loop of the program. It outlives the loop in the hands of
// the watcher and of live tasks; what only the loop itself can answer is asked of its adapter.
#pragma once

#include "measure/loop_tracking.hpp"
#include "measure/task_table.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace loopmon::measure {

/// One loop as its adapter knows it. Called from any thread, also after the end of the loop; does
/// not wait for it.
class loop_adapter {
public:
    loop_adapter() = default;
    virtual ~loop_adapter() = default;
    loop_adapter(const loop_adapter&) = delete;
    loop_adapter& operator=(const loop_adapter&) = delete;

    /// Threads that run the loop, some of them or all; nullopt if that cannot be seen.
    /// @param at_most stops when it has found as many
    /// @throws std::bad_alloc
    [[nodiscard]] virtual std::optional<std::vector<pid_t>> threads(std::size_t at_most) = 0;
    /// Nothing runs it for now, as far as the loop itself knows.
    [[nodiscard]] virtual bool stopped() = 0;
    /// Queues work on the loop. @return false if it is gone, or takes none
    virtual bool post(std::function<void()> work) = 0;
    /// A monitor begins to watch it: its turns are to be recorded.
    /// @throws std::bad_alloc
    virtual void watched() = 0;
};

/// How a loop shows what it does.
struct loop_traits {
    bool tracked = true;  ///< its turns and handlers are recorded
    bool sampled = false; ///< while it is watched, a sampler runs on it
};

/// Any thread may call any member.
class loop_state {
public:
    /// @param adapter null: the loop has no answers, and runs all the time
    explicit loop_state(std::unique_ptr<loop_adapter> adapter = nullptr, loop_traits shown = {});
    loop_state(const loop_state&) = delete;
    loop_state& operator=(const loop_state&) = delete;
    ~loop_state();

    [[nodiscard]] task_table& tasks() noexcept { return tasks_; }
    [[nodiscard]] const task_table& tasks() const noexcept { return tasks_; }
    [[nodiscard]] loop_tracking& tracking() noexcept { return *tracking_; }
    [[nodiscard]] const loop_tracking& tracking() const noexcept { return *tracking_; }
    [[nodiscard]] const std::shared_ptr<loop_tracking>& shared_tracking() const noexcept {
        return tracking_;
    }

    [[nodiscard]] bool sampled() const noexcept { return sampled_; }

    /// Claims the loop for one monitor. Its turns are recorded from now on.
    /// @return false if it is claimed already, in this process: a claim of before a fork() is void
    ///         in the child
    /// @throws std::bad_alloc
    [[nodiscard]] bool claim();
    void release();

    /// True while it is claimed and some thread runs it. Where that cannot be seen: while it was
    /// not stopped, or a handler still runs. For the watcher, and only when the loop looks late:
    /// takes 2 µs for each thread of the process, or a mutex of the loop.
    [[nodiscard]] bool running() const;
    /// All threads that run it; nullopt if that cannot be seen.
    [[nodiscard]] std::optional<std::vector<pid_t>> running_threads() const;
    /// Queues work on the claimed loop.
    /// @return false if it is gone, or takes none
    bool post(std::function<void()> work);
    /// The thread that reported the last turn of a loop without a sampler. Zero: none did.
    [[nodiscard]] pid_t turning_thread() const noexcept {
        return turning_.load(std::memory_order_relaxed);
    }
    /// By that thread.
    void turned_by(pid_t thread) noexcept { turning_.store(thread, std::memory_order_relaxed); }

    /// The loop is gone. Once.
    void end() noexcept;

private:
    [[nodiscard]] bool claimed() const;
    [[nodiscard]] std::optional<std::vector<pid_t>> threads(std::size_t at_most) const;

    const std::unique_ptr<loop_adapter> adapter_;
    const bool sampled_;
    task_table tasks_;
    const std::shared_ptr<loop_tracking> tracking_;
    std::atomic<pid_t> turning_{0};
    mutable std::mutex mutex_; ///< guards the rest
    bool claimed_ = false;
    std::uint32_t claimed_in_ = 0; ///< forks() then
};

} // namespace loopmon::measure
