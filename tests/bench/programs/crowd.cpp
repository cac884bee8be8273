// SPDX-License-Identifier: MIT
//
// crowd TASKS LOOPS HANDLERS IDLE_MSEC: one loop with many live tasks among many watched loops,
// each of them idle on a thread of its own. Prints what a handler costs there, in CPU time of its
// thread, since the others may share its CPU; what spawning costs; and the watcher's share of a CPU
// while all idle.
#include "watched_loop.hpp"
#include "workloads.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace asio = boost::asio;

/// A loop that idles on a thread of its own.
class idle_loop {
public:
    idle_loop(loopmon::monitor& monitor, int number)
        : watched_(monitor.watch(io_, {.name = "idle" + std::to_string(number)})),
          thread_([this] { io_.run(); }) {} // joined by the destructor, before io_ ends
    idle_loop(const idle_loop&) = delete;
    idle_loop& operator=(const idle_loop&) = delete;
    ~idle_loop() {
        io_.stop();
        thread_.join();
    }

private:
    asio::io_context io_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    loopmon::watched watched_;
    std::thread thread_;
};

asio::awaitable<void> live_until(asio::steady_timer& end) {
    boost::system::error_code cancelled;
    co_await end.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

/// Chains of handlers; run() returns at the end of the last, though the tasks go on living.
struct chain_link {
    asio::io_context* io;
    long left;
    long* chains; ///< that go on; of run_chains()

    void operator()() const {
        if (left > 1) {
            asio::post(*io, chain_link{io, left - 1, chains});
        } else if (--*chains == 0) {
            io->stop();
        }
    }
};

double thread_cpu_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// @return CPU time of a handler, in ns
double run_chains(asio::io_context& io, long handlers) {
    long chains = bench::ready_at_a_time;
    const long each = std::max(1L, handlers / chains);
    const double before = thread_cpu_ns();
    for (long i = 0; i < bench::ready_at_a_time; ++i) {
        asio::post(io, chain_link{&io, each, &chains});
    }
    io.restart();
    io.run();
    return (thread_cpu_ns() - before) / static_cast<double>(each * bench::ready_at_a_time);
}

/// schedstat of the watcher thread: its CPU time is the first number, in ns.
std::filesystem::path find_watcher() {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(thread.path() / "comm"), name);
        if (name == "loopmon-watcher") {
            return thread.path() / "schedstat";
        }
    }
    throw std::runtime_error("no watcher thread");
}

double watcher_cpu_ns() {
    static const auto file = find_watcher();
    double ns = 0;
    std::ifstream(file) >> ns;
    return ns;
}

} // namespace

int main(int argc, char** argv) try {
    if (argc != 5) {
        std::fputs("Usage: crowd TASKS LOOPS HANDLERS IDLE_MSEC\n", stderr);
        return 2;
    }
    const long tasks = std::strtol(argv[1], nullptr, 10);
    const int loops = std::atoi(argv[2]);
    const long handlers = std::strtol(argv[3], nullptr, 10);
    const std::chrono::milliseconds idle(std::atoi(argv[4]));

    asio::io_context io(1);
    bench::watched_loop watched(io, {});
    std::vector<std::unique_ptr<idle_loop>> others;
    for (int i = 1; i < loops; ++i) {
        others.push_back(std::make_unique<idle_loop>(watched.monitor(), i));
    }
    asio::steady_timer end(io, std::chrono::steady_clock::time_point::max());
    const double before_spawn = thread_cpu_ns();
    for (long i = 0; i < tasks; ++i) {
        loopmon::spawn(io, "one of the crowd", live_until(end));
    }
    io.poll();
    const double spawn_ns = (thread_cpu_ns() - before_spawn) / static_cast<double>(tasks);

    const double watcher_before = watcher_cpu_ns();
    const auto idle_began = std::chrono::steady_clock::now();
    io.run_for(idle);
    const std::chrono::duration<double, std::nano> idled =
        std::chrono::steady_clock::now() - idle_began;
    const double watcher_percent = 100 * (watcher_cpu_ns() - watcher_before) / idled.count();

    run_chains(io, handlers / 10);
    const double handler_ns = run_chains(io, handlers);
    std::printf("{\"ns\": %.3f, \"spawn_ns\": %.1f, \"watcher_percent\": %.4f}\n", handler_ns,
                spawn_ns, watcher_percent);
    end.cancel();
    io.restart();
    io.poll();
    return EXIT_SUCCESS;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "crowd: %s\n", problem.what());
    return EXIT_FAILURE;
}
