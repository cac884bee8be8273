// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace loopmon::detail {

/// Work that any thread hands to one other. It needs no descriptors, so that it works in a program
/// that has none left or has closed ours.
class work_queue {
public:
    using job = std::function<void()>;

    /// Any thread.
    /// @throws std::bad_alloc
    void push(job work);

    /// Returns when there is work, and at `end` at the latest. The thread that takes the work.
    void wait_until(std::chrono::steady_clock::time_point end);
    /// The oldest job; an empty one if there is none.
    [[nodiscard]] job take();

    /// Called by each push() from now on, with the queue locked, because the thread that takes the
    /// work waits elsewhere. What it throws is ignored. Empty: nothing is called.
    void wake_by(std::function<void()> wake);

private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<job> jobs_;
    std::function<void()> wake_;
};

} // namespace loopmon::detail
