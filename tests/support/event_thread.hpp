// SPDX-License-Identifier: MIT
#pragma once

#include "bus/event_ptr.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

namespace loopmon::test {

/// A thread that runs an sd-event loop, and what other threads give it to do.
class event_thread {
public:
    event_thread() {
        sd_event* made = nullptr;
        [[maybe_unused]] const int failed = sd_event_new(&made);
        assert(failed >= 0);
        event_.reset(made);
        sd_event_add_io(made, nullptr, wake_, EPOLLIN, &run_work, this);
        thread_ = std::thread([made] { sd_event_loop(made); });
    }
    ~event_thread() {
        post([this] { sd_event_exit(event_.get(), 0); });
        thread_.join();
        ::close(wake_);
    }
    event_thread(const event_thread&) = delete;
    event_thread& operator=(const event_thread&) = delete;

    /// For what runs on the thread.
    [[nodiscard]] sd_event* event() const noexcept { return event_.get(); }

    void post(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        work_.push_back(std::move(work));
        eventfd_write(wake_, 1);
    }
    /// Returns when it is done.
    void call(const std::function<void()>& work) {
        std::promise<void> done;
        post([&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }

private:
    static int run_work(sd_event_source* /*source*/, int descriptor, std::uint32_t /*events*/,
                        void* self) noexcept {
        auto& thread = *static_cast<event_thread*>(self);
        eventfd_t count = 0;
        eventfd_read(descriptor, &count);
        std::unique_lock lock(thread.mutex_);
        const auto work = std::exchange(thread.work_, {});
        lock.unlock();
        for (const auto& job : work) {
            job();
        }
        return 0;
    }

    const int wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    systemd::event_ptr event_;
    std::mutex mutex_;
    std::deque<std::function<void()>> work_;
    std::thread thread_;
};

} // namespace loopmon::test
