// SPDX-License-Identifier: MIT
//
// The composition root of the daemon.
//
// Threads: the one that calls run() is the control thread (signals, reload, the end), since it must
// act while the main loop is stuck; `loop.threads` threads run the main loop, and the services on
// one strand of it; the monitor brings its watcher.
//
// Start: monitor (bus, objects) -> watch the main loop -> signals -> services -> threads ->
// ready(). Stop:  stopping() -> services end -> the main loop runs dry -> its threads end ->
// monitor.
//        A main loop that is stuck is given stop_patience, then left behind.
#pragma once

#include "config/load.hpp"
#include "options.hpp"
#include "services/probe_set.hpp"

#include <loopmon/monitor.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace loopmond {

class app {
public:
    /// @param loaded without errors
    app(options given, load_result loaded);
    ~app();
    app(const app&) = delete;
    app& operator=(const app&) = delete;

    /// Runs until a signal asks for the end.
    /// @return an exit_code
    /// @throws std::system_error if the threads cannot be started
    int run();

private:
    void await_signal();
    void reload(const std::function<void(std::string error)>& done);
    void apply(const config& next);
    void begin_stop();
    void start_threads();
    void run_main_loop();
    void main_loop_ended(const std::string& error);

    options options_;
    config config_;
    std::vector<std::string> files_;
    boost::asio::io_context control_{1};
    boost::asio::io_context main_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> main_work_;
    /// What the services share has no locks of its own.
    boost::asio::strand<boost::asio::io_context::executor_type> services_;
    loopmon::monitor monitor_;
    loopmon::watched watched_;
    std::shared_ptr<probe_set> probes_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer stop_deadline_;
    std::vector<std::thread> threads_;
    unsigned threads_running_ = 0; ///< control thread
    bool stopping_ = false;
    bool left_behind_ = false;
    int exit_code_ = 0;
};

} // namespace loopmond
