// SPDX-License-Identifier: MIT
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace faults {

/// Work of the program that the monitor must not disturb: waits in a call that Linux does not
/// restart after a signal handler, on a thread that does nothing else and on others.
class bystander {
public:
    bystander() = default;
    bystander(const bystander&) = delete;
    bystander& operator=(const bystander&) = delete;
    ~bystander() {
        over_ = true;
        thread_.join();
    }

    /// Any thread.
    void wait(std::chrono::milliseconds length) {
        const auto before = std::chrono::steady_clock::now();
        const int result = ::poll(nullptr, 0, static_cast<int>(length.count()));
        const auto took = std::chrono::steady_clock::now() - before;
        if (result != 0 || took < length) {
            ++disturbed_;
        }
        ++waits_;
    }

    /// Waits that ended early or with an error.
    [[nodiscard]] int disturbed() const { return disturbed_; }
    [[nodiscard]] int waits() const { return waits_; }

private:
    std::atomic<bool> over_{false};
    std::atomic<int> disturbed_{0}, waits_{0};
    std::thread thread_{[this] {
        while (!over_) {
            wait(std::chrono::milliseconds(20));
        }
    }};
};

} // namespace faults
