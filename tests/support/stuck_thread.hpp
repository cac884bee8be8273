// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <sys/syscall.h>
#include <sys/types.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace loopmon::test {

/// A thread that does one thing until it is asked to stop, for tests that look at it from outside.
class stuck_thread {
public:
    /// @param body runs once; watches the flag, or is woken in another way before the destructor
    explicit stuck_thread(std::function<void(const std::atomic<bool>& stop)> body)
        : thread_([this, body = std::move(body)] {
              tid_ = static_cast<pid_t>(syscall(SYS_gettid));
              tid_.notify_all();
              body(stop_);
          }) {
        tid_.wait(0);
    }
    ~stuck_thread() {
        if (thread_.joinable()) {
            finish();
        }
    }
    stuck_thread(const stuck_thread&) = delete;
    stuck_thread& operator=(const stuck_thread&) = delete;

    void finish() {
        stop_ = true;
        thread_.join();
    }
    [[nodiscard]] pid_t tid() const { return tid_; }

private:
    std::atomic<bool> stop_{false};
    std::atomic<pid_t> tid_{0};
    std::thread thread_; // last: its body uses the others
};

} // namespace loopmon::test
