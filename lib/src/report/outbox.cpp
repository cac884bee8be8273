// SPDX-License-Identifier: MIT
#include "report/outbox.hpp"

#include "base/quiet_thread.hpp"

#include <utility>

namespace loopmon::report {

struct outbox::shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::function<void()>> jobs;
    std::function<void(std::uint64_t)> on_dropped;
    std::uint64_t dropped = 0;
    std::uint64_t queued = 0; ///< jobs accepted so far
    std::uint64_t done = 0;   ///< jobs finished so far
    bool ending = false;
    bool ended = false;

    void run() {
        std::unique_lock lock(mutex);
        while (true) {
            changed.wait(lock, [this] { return ending || !jobs.empty(); });
            if (jobs.empty()) {
                ended = true;
                changed.notify_all();
                return;
            }
            const auto job = std::move(jobs.front());
            jobs.pop_front();
            const auto lost = std::exchange(dropped, 0);
            lock.unlock();
            try {
                if (lost != 0) {
                    on_dropped(lost);
                }
                job();
            } catch (...) { // a report that cannot be made must not stop watching
            }
            lock.lock();
            ++done;
            changed.notify_all();
        }
    }
};

outbox::outbox(std::function<void(std::uint64_t)> on_dropped, const char* name)
    : shared_(std::make_shared<shared>()) {
    shared_->on_dropped = std::move(on_dropped);
    thread_ = base::quiet_thread(name, [shared = shared_] { shared->run(); });
}

outbox::~outbox() {
    end(last_patience);
}

void outbox::end(std::chrono::milliseconds patience) noexcept {
    if (!thread_.joinable()) {
        return;
    }
    std::unique_lock lock(shared_->mutex);
    shared_->ending = true;
    shared_->changed.notify_all();
    const bool ended = shared_->changed.wait_for(lock, patience, [&] { return shared_->ended; });
    lock.unlock();
    if (ended) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

void outbox::post(std::function<void()> job) noexcept {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->jobs.size() >= capacity) {
        ++shared_->dropped;
        return;
    }
    try {
        shared_->jobs.push_back(std::move(job));
        ++shared_->queued;
    } catch (...) {
        ++shared_->dropped;
    }
    shared_->changed.notify_all();
}

bool outbox::flush(std::chrono::milliseconds patience) noexcept {
    std::unique_lock lock(shared_->mutex);
    const auto wanted = shared_->queued;
    return shared_->changed.wait_for(lock, patience, [&] { return shared_->done >= wanted; });
}

} // namespace loopmon::report
