// SPDX-License-Identifier: MIT
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace faults {

/// An io_context that is driven as commands say: "run" it for good, "poll" it now and then, or
/// "idle", which calls nothing of it at all.
class driven_loop {
public:
    explicit driven_loop(int threads) : io_(threads), threads_(threads) {}

    [[nodiscard]] boost::asio::io_context& context() { return io_; }
    [[nodiscard]] int threads() const { return threads_; }

    /// Any thread. The present mode ends when its handler does.
    void drive(std::string mode) {
        {
            const std::scoped_lock lock(mutex_);
            mode_ = std::move(mode);
        }
        changed_.notify_all();
        io_.stop();
    }
    void quit() { drive("quit"); }

    /// Until quit().
    void run() {
        std::vector<std::thread> others;
        for (int i = 1; i < threads_; ++i) {
            others.emplace_back([this] { go_on(); });
        }
        go_on();
        for (auto& other : others) {
            other.join();
        }
    }

private:
    void go_on() {
        for (auto mode = current(); mode != "quit"; mode = current()) {
            if (mode == "run") {
                io_.restart();
                io_.run();
            } else if (mode == "poll") {
                io_.restart();
                io_.poll();
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            } else if (mode == "run_for") { // and then something else for a long time
                io_.restart();
                io_.run_for(std::chrono::milliseconds(200));
                drive("idle");
            } else {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return mode_ != mode; });
            }
        }
    }
    std::string current() {
        const std::scoped_lock lock(mutex_);
        return mode_;
    }

    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    boost::asio::steady_timer reactor_{io_}; ///< opens its descriptors before the monitor does
    int threads_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string mode_ = "run";
};

} // namespace faults
