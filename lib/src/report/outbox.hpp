// SPDX-License-Identifier: MIT
//
// A journal socket blocks when journald is stuck, a file when its disk is, and the watcher must do
// neither. So what leaves the process goes through a queue of bounded length to a thread of its
// own; what does not fit is dropped, counted, and the count is handed on when there is room again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace loopmon::report {

class outbox {
public:
    /// About a minute of the worst that the alert budgets of ten loops let through.
    static constexpr std::size_t capacity = 256;
    /// How long the end of the program waits for a journal that takes nothing.
    static constexpr auto last_patience = std::chrono::seconds(1);

    /// @param on_dropped runs on the outbox thread, with the number of jobs lost before this moment
    /// @param name of the thread, a literal of at most 15 characters
    /// @throws std::system_error without a thread
    explicit outbox(std::function<void(std::uint64_t)> on_dropped,
                    const char* name = "loopmon-outbox");
    /// Waits for the queue to empty, at most last_patience, then lets go: a thread stuck in the
    /// kernel keeps its (shared) queue alive until the process ends.
    ~outbox();
    outbox(const outbox&) = delete;
    outbox& operator=(const outbox&) = delete;

    /// Queues a job. Never blocks.
    void post(std::function<void()> job) noexcept;
    /// Waits until all jobs queued so far are done, at most `patience`; not at all if that is zero
    /// or less.
    /// @return whether they are
    bool flush(std::chrono::milliseconds patience) noexcept;
    /// What the destructor does, with less patience; it has nothing left to do then. Jobs that are
    /// posted later may not be done.
    void end(std::chrono::milliseconds patience) noexcept;

private:
    struct shared;
    std::shared_ptr<shared> shared_;
    std::thread thread_;
};

} // namespace loopmon::report
