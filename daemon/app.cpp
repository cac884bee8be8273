// SPDX-License-Identifier: MIT
#include "app.hpp"

#include "exit_code.hpp"

#include <boost/asio/post.hpp>

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <tuple>
#include <utility>

namespace loopmond {

namespace {

// Well under the TimeoutStopSec=10s of the unit; a healthy loop needs milliseconds.
constexpr auto stop_patience = std::chrono::seconds(3);

constexpr int log_err = 3;
constexpr int log_warning = 4;
constexpr int log_info = 6;

/// Probes are asked on the bus that the daemon itself is on, and on the system's if it is on none.
std::string probe_bus_address(const config& c) {
    return c.bus_address == "none" ? "system" : c.bus_address;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) {
        out += out.empty() ? "" : "\n";
        out += line;
    }
    return out;
}

} // namespace

app::app(options given, load_result loaded)
    : options_(std::move(given)),
      config_(std::move(loaded.value)),
      files_(std::move(loaded.files)),
      main_(static_cast<int>(config_.threads)),
      main_work_(main_.get_executor()),
      services_(boost::asio::make_strand(main_)),
      monitor_({.bus_address = config_.bus_address == "none" ? "" : config_.bus_address,
                .bus_name = "org.loopmon1",
                .settings = config_.monitor,
                .auto_ready = false,
                .reload =
                    [this](std::function<void(std::string)> done) {
                        boost::asio::post(control_,
                                          [this, done = std::move(done)] { reload(done); });
                    }}),
      watched_(monitor_.watch(main_, config_.watch)),
      probes_(std::make_shared<probe_set>(services_, monitor_, probe_bus_address(config_))),
      signals_(control_, SIGTERM, SIGINT, SIGHUP),
      stop_deadline_(control_) {
    monitor_.log_level(options_.log_level);
}

app::~app() = default;

int app::run() {
    monitor_.configuration_loaded(files_);
    await_signal();
    boost::asio::post(services_,
                      [probes = probes_, wanted = config_.probes] { probes->configure(wanted); });
    start_threads();
    monitor_.ready();
    control_.run();
    if (left_behind_) {
        // Its threads cannot be joined, so nothing they use may be destroyed.
        monitor_.log(log_warning, "the main loop did not end in time and was abandoned");
        monitor_.flush();
        ::_exit(exit_code_);
    }
    for (auto& thread : threads_) {
        thread.join();
    }
    return exit_code_;
}

void app::await_signal() {
    signals_.async_wait([this](boost::system::error_code cancelled, int number) {
        if (cancelled) {
            return;
        }
        if (number == SIGHUP) {
            reload([](const std::string&) {});
            await_signal();
        } else {
            begin_stop();
        }
    });
}

void app::reload(const std::function<void(std::string error)>& done) {
    if (stopping_) {
        done("loopmond is stopping");
        return;
    }
    monitor_.reloading();
    auto loaded = load_config(options_);
    if (!loaded.errors.empty()) {
        const auto errors = joined(loaded.errors);
        monitor_.configuration_rejected(loaded.files, errors);
        done(errors);
        return;
    }
    apply(loaded.value);
    files_ = std::move(loaded.files);
    monitor_.configuration_loaded(files_);
    done("");
}

void app::apply(const config& next) {
    if (next.threads != config_.threads) {
        monitor_.log(log_warning,
                     "a change of loop.threads takes effect when loopmond is restarted");
    }
    if (next.bus_address != config_.bus_address) {
        monitor_.log(log_warning,
                     "a change of bus.address takes effect when loopmond is restarted");
    }
    monitor_.configure(next.monitor);
    watched_.configure(next.watch);
    boost::asio::post(services_,
                      [probes = probes_, wanted = next.probes] { probes->configure(wanted); });
    const auto fixed = std::pair(config_.threads, config_.bus_address);
    config_ = next;
    std::tie(config_.threads, config_.bus_address) = fixed;
}

void app::begin_stop() {
    if (std::exchange(stopping_, true)) {
        return;
    }
    signals_.cancel();
    monitor_.stopping();
    monitor_.log(log_info, "stopping");
    stop_deadline_.expires_after(stop_patience);
    stop_deadline_.async_wait([this](boost::system::error_code cancelled) {
        if (!cancelled) {
            left_behind_ = true;
            control_.stop(); // reloads that still come in are of no interest any more
        }
    });
    boost::asio::post(services_, [probes = probes_] { probes->stop(); });
    main_work_.reset();
}

void app::start_threads() {
    threads_running_ = config_.threads;
    try {
        for (unsigned i = 0; i < config_.threads; ++i) {
            threads_.emplace_back([this] { run_main_loop(); }); // run() joins it
        }
    } catch (...) { // EAGAIN: no more than these
        main_.stop();
        for (auto& thread : threads_) {
            thread.join();
        }
        threads_.clear();
        throw;
    }
}

void app::run_main_loop() {
    pthread_setname_np(pthread_self(), "loop-main");
    std::string error;
    try {
        main_.run();
    } catch (const std::exception& e) {
        error = e.what();
    }
    boost::asio::post(control_, [this, error] { main_loop_ended(error); });
}

void app::main_loop_ended(const std::string& error) {
    if (!error.empty()) {
        monitor_.log(log_err, "the main loop failed: " + error);
        exit_code_ = exit_failure;
    }
    if (exit_code_ != exit_ok || !stopping_) {
        begin_stop();
    }
    if (--threads_running_ == 0) {
        stop_deadline_.cancel();
    }
}

} // namespace loopmond
