// SPDX-License-Identifier: MIT
//
// What there is to know about one execution context. It is owned by a service of the context, found
// from any executor of it, and outlives the context in the hands of the watcher and of live tasks.
#pragma once

#include "measure/loop_tracking.hpp"
#include "measure/task_table.hpp"

#include <boost/asio/execution_context.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <sys/types.h>

namespace boost::asio {
class io_context;
}

namespace loopmon::measure {

/// Any thread may call any member.
class loop_state {
public:
    [[nodiscard]] task_table& tasks() noexcept { return tasks_; }
    [[nodiscard]] const task_table& tasks() const noexcept { return tasks_; }
    [[nodiscard]] loop_tracking& tracking() noexcept { return *tracking_; }
    [[nodiscard]] const loop_tracking& tracking() const noexcept { return *tracking_; }
    [[nodiscard]] const std::shared_ptr<loop_tracking>& shared_tracking() const noexcept {
        return tracking_;
    }

    /// Claims the context for one monitor. With handler tracking its turns are recorded from now
    /// on.
    /// @param io the context of this state
    /// @return false if it is claimed already, in this process: a claim of before a fork() is void
    ///         in the child
    /// @throws std::bad_alloc
    [[nodiscard]] bool claim(boost::asio::io_context& io);
    void release();

    /// True while the claimed context exists and some thread is in its run(), run_one(), poll() ...
    /// Where that cannot be seen: while it was not stopped, for want of work or by stop(), or a
    /// handler still runs. For the watcher, and only when the loop looks late: takes 2 µs for each
    /// thread of the process, or the context's own mutex.
    [[nodiscard]] bool running() const;
    /// All threads that are in its run(); nullopt if that cannot be seen.
    [[nodiscard]] std::optional<std::vector<pid_t>> running_threads() const;
    /// By a handler of the context, which is `io`: its thread may be looked at.
    void runs_here(boost::asio::io_context& io) noexcept;
    /// Queues work on the claimed context.
    /// @return false if it is gone
    bool post(std::function<void()> work);
    /// The context was destroyed.
    [[nodiscard]] bool gone() const;

private:
    friend class loop_service;
    void context_destroyed();
    [[nodiscard]] std::optional<std::vector<pid_t>> threads_that_run(std::size_t at_most) const;

    task_table tasks_;
    const std::shared_ptr<loop_tracking> tracking_ = std::make_shared<loop_tracking>();
    mutable std::mutex mutex_; ///< guards the rest, and *context_ against its own destruction
    boost::asio::io_context* context_ = nullptr; ///< not null: claimed
    std::uint32_t claimed_in_ = 0;               ///< forks() then
    bool gone_ = false;
    const void* name_ = nullptr;         ///< run_calls' name of the context; set with ...
    std::atomic<bool> runs_seen_{false}; ///< ... this: some run() of it was seen
};

/// The service of an execution context that owns its loop_state.
class loop_service : public boost::asio::execution_context::service {
public:
    static boost::asio::execution_context::id id;

    explicit loop_service(boost::asio::execution_context& context);
    ~loop_service() override;
    loop_service(const loop_service&) = delete;
    loop_service& operator=(const loop_service&) = delete;
    [[nodiscard]] const std::shared_ptr<loop_state>& state() const { return state_; }

private:
    void shutdown() override;
    std::shared_ptr<loop_state> state_;
};

/// The state of a context, made at the first call for it. Any thread; takes the mutex of the
/// context's list of services, as the constructor of every asio I/O object does.
/// @throws std::bad_alloc at the first call for a context
[[nodiscard]] const std::shared_ptr<loop_state>& state_of(boost::asio::execution_context& context);

/// state_of(io)->runs_here(io), if there is memory for the state.
void note_run(boost::asio::io_context& io) noexcept;

} // namespace loopmon::measure
