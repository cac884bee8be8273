// SPDX-License-Identifier: MIT
//
// handler_cost WORKLOAD COUNT: runs one workload and prints what a handler of it costs.
#include "watched_loop.hpp"
#include "workloads.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

namespace {

struct workload {
    std::string_view name;
    void (*run)(boost::asio::io_context& io, long count);
};

constexpr std::array<workload, 8> workloads = {{{"post_chain", bench::post_chain},
                                                {"turn", bench::turn},
                                                {"burst", bench::burst},
                                                {"timers", bench::timers},
                                                {"strand", bench::strand},
                                                {"yield", bench::yield},
                                                {"echo", bench::echo},
                                                {"clock_gettime", bench::clock_gettime}}};

/// Apart and by this name, for callgrind counts the instructions in here only.
[[gnu::noinline]] void measured_workload(const workload& chosen, boost::asio::io_context& io,
                                         long count) {
    chosen.run(io, count);
}

int run(const workload& chosen, long count) {
    // Hint 1: what a program with one thread should say, and the leanest that asio can be.
    boost::asio::io_context io(1);
    // Asio polls for descriptors and timers once there are any, as in every real program.
    const boost::asio::steady_timer reactor_starter(io);
    const bench::watched_loop watched(io, {});
    chosen.run(io, count / 10 + 1); // caches, the allocator, the thread's slot
    const auto began = std::chrono::steady_clock::now();
    measured_workload(chosen, io, count);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
    std::printf("{\"ns\": %.3f}\n", took.count() / static_cast<double>(count));
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) try {
    const auto* const chosen =
        std::find_if(workloads.begin(), workloads.end(), [&](const workload& w) {
            return argc == 3 && w.name == std::string_view(argv[1]);
        });
    const long count = argc == 3 ? std::strtol(argv[2], nullptr, 10) : 0;
    if (chosen == workloads.end() || count <= 0) {
        std::fputs("Usage: handler_cost WORKLOAD COUNT\n", stderr);
        return 2;
    }
    return run(*chosen, count);
} catch (const std::exception& problem) {
    std::fprintf(stderr, "handler_cost: %s\n", problem.what());
    return EXIT_FAILURE;
}
