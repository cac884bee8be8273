// SPDX-License-Identifier: MIT
//
// How a monitor begins and ends: options, the order of destruction, io_context::run(), and what the
// service manager is told.
#include "monitored_loop.hpp"

#include "support/catch.hpp"
#include "support/notify_socket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace loopmon::test;

TEST_CASE("monitor: does not keep run() from returning, nor blame a loop that does not run") {
    loopmon::monitor monitor({.settings = {.grace = 0s}});
    asio::io_context io;
    const auto watched = monitor.watch(io, quick());
    monitor.ready();
    for (int phase = 0; phase < 3; ++phase) {
        asio::steady_timer work(io, 30ms);
        bool done = false;
        work.async_wait([&done](boost::system::error_code) { done = true; });
        io.run();
        CHECK(done);
        io.restart();
    }
    io.stop();
    std::this_thread::sleep_for(250ms); // warn is 100 ms
    CHECK_FALSE(loopmon::overloaded());
}

TEST_CASE("monitor: loop, handle and monitor may end in any order") {
    auto io = std::make_unique<running_loop>();
    auto monitor = std::make_unique<loopmon::monitor>();
    auto watched = std::make_unique<loopmon::watched>(monitor->watch(io->io, quick()));
    const auto end_loop = [&] {
        if (io) {
            io->end();
            io.reset();
        }
    };
    switch (GENERATE(0, 1, 2, 3)) {
    case 0:
        end_loop();
        watched.reset();
        break;
    case 1:
        end_loop();
        monitor.reset();
        break;
    case 2:
        monitor.reset();
        watched.reset();
        break;
    default:
        watched.reset();
        monitor.reset();
        break;
    }
    watched.reset();
    monitor.reset();
    end_loop();
    SUCCEED("under the sanitizers");
}

TEST_CASE("monitor: options out of range are refused, and nothing is left behind") {
    loopmon::monitor monitor;
    asio::io_context io;
    asio::io_context other;
    auto bad = quick();
    bad.critical = bad.warn;
    CHECK_THROWS_AS((void)monitor.watch(io, bad), std::invalid_argument);
    bad = quick();
    bad.interval = 0ms;
    CHECK_THROWS_AS((void)monitor.watch(io, bad), std::invalid_argument);
    bad = quick();
    bad.window = 6min;
    CHECK_THROWS_AS((void)monitor.watch(io, bad), std::invalid_argument);
    auto watched = monitor.watch(io, quick());
    CHECK_THROWS_AS((void)monitor.watch(io, quick("again")), std::invalid_argument);
    CHECK_THROWS_AS((void)monitor.watch(other, quick("main")), std::invalid_argument);
    CHECK_THROWS_AS(watched.configure(bad), std::invalid_argument);
    CHECK_NOTHROW((void)monitor.watch(other, quick("again")));
    CHECK_THROWS_AS(loopmon::monitor({.settings = {.watchdog = {.lag = 0s}}}),
                    std::invalid_argument);
}

TEST_CASE("monitor: the service manager hears READY once the loop turns, pings, then STOPPING") {
    notify_socket manager;
    ::setenv("WATCHDOG_USEC", "300000", 1);
    ::unsetenv("WATCHDOG_PID");
    {
        asio::io_context io;
        loopmon::monitor monitor({.settings = {.grace = 0s}});
        const auto watched = monitor.watch(io, quick());
        CHECK_FALSE(manager.receive(50ms)); // the loop does not run yet
        const auto work = asio::make_work_guard(io);
        std::thread thread([&io] { io.run(); });
        const auto ready = manager.receive(60s);
        REQUIRE(ready);
        CHECK_THAT(*ready, Catch::ContainsSubstring("READY=1"));
        int pings = 0;
        while (pings < 4) {
            const auto next = manager.receive(60s);
            REQUIRE(next);
            pings += next->find("WATCHDOG=1") != std::string::npos ? 1 : 0;
        }
        io.stop();
        thread.join();
    }
    ::unsetenv("WATCHDOG_USEC");
    std::string last;
    while (const auto next = manager.receive(100ms)) {
        last = *next;
    }
    CHECK_THAT(last, Catch::ContainsSubstring("STOPPING=1"));
}

TEST_CASE("monitor: ends at any moment, also when its next round is due already") {
    // Enough loops that a round takes a while, and an end at every phase of the rounds.
    constexpr auto crowd = 200;
    for (auto moment = 0; moment < 40; ++moment) {
        std::vector<std::unique_ptr<boost::asio::io_context>> contexts;
        loopmon::monitor monitor;
        std::vector<loopmon::watched> watched;
        for (auto n = 0; n < crowd; ++n) {
            contexts.push_back(std::make_unique<boost::asio::io_context>());
            watched.push_back(monitor.watch(*contexts.back(), {.name = "l" + std::to_string(n)}));
        }
        const auto end = std::chrono::steady_clock::now() + moment * std::chrono::microseconds(97);
        while (std::chrono::steady_clock::now() < end) {
        }
    }
    SUCCEED("every one of them returned");
}
