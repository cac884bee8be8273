// SPDX-License-Identifier: MIT
#include "work_queue.hpp"

#include <exception>
#include <utility>

namespace loopmon::detail {

void work_queue::push(job work) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(work));
    filled_.notify_one();
    if (wake_) {
        try {
            wake_();
        } catch (const std::exception&) { // out of memory: it is seen in the next round
        }
    }
}

void work_queue::wait_until(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(mutex_);
    filled_.wait_until(lock, end, [this] { return !jobs_.empty(); });
}

work_queue::job work_queue::take() {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty()) {
        return {};
    }
    auto oldest = std::move(jobs_.front());
    jobs_.pop_front();
    return oldest;
}

void work_queue::wake_by(std::function<void()> wake) {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
}

} // namespace loopmon::detail
