// SPDX-License-Identifier: MIT
//
// How a monitor begins and ends: options, the order of destruction, io_context::run(), and what is
// sent to the service manager.
#include "monitored_loop.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/notify_socket.hpp"
#include "support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace loopmon::test;

namespace {

/// The signals that each thread of the library blocks, as a mask.
std::vector<std::uint64_t> blocked_by_library() {
    std::vector<std::uint64_t> out;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(thread.path() / "comm"), name);
        std::ifstream status(thread.path() / "status");
        for (std::string line; name.starts_with("loopmon-") && std::getline(status, line);) {
            if (line.starts_with("SigBlk:")) {
                out.push_back(std::stoull(line.substr(7), nullptr, 16));
            }
        }
    }
    return out;
}

std::uint64_t bit(int signal) {
    return std::uint64_t{1} << (signal - 1);
}

} // namespace

TEST_CASE("monitor: its threads take none of the program's signals, but their own faults") {
    const loopmon::monitor monitor;
    // They have their names before their masks: the C library starts a thread with all blocked.
    std::vector<std::uint64_t> masks;
    CHECK(eventually([&masks] {
        masks = blocked_by_library();
        return masks.size() >= 2 && std::none_of(masks.begin(), masks.end(), [](auto mask) {
                   return (mask & bit(SIGSEGV)) != 0;
               });
    }));
    for (const auto mask : masks) {
        CHECK((mask & bit(SIGTERM)) != 0);
        CHECK((mask & bit(SIGHUP)) != 0);
        CHECK((mask & bit(SIGSEGV)) == 0);
    }
}

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
    CHECK(eventually([] { return blocked_by_library().size() >= 2; }));
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
    CHECK(blocked_by_library().empty()); // no thread of it is left
    CHECK_FALSE(loopmon::overloaded());
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

TEST_CASE("monitor: the service manager gets READY once the loop turns, pings, then STOPPING") {
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

TEST_CASE(
    "monitor: a reload before READY=1 does not end the start, one after STOPPING=1 is silent") {
    notify_socket manager;
    loopmon::monitor monitor({.auto_ready = false});
    const auto reload = [&monitor] {
        monitor.reloading();
        monitor.configuration_loaded({});
        monitor.flush();
    };
    reload();
    CHECK_FALSE(manager.receive());
    monitor.stopping();
    monitor.flush();
    REQUIRE(manager.receive());
    reload();
    CHECK_FALSE(manager.receive());
}

TEST_CASE("monitor: two in one process are one voice to the service manager") {
    notify_socket manager;
    running_loop one;
    running_loop two;
    std::string last;
    {
        loopmon::monitor second({.auto_ready = false});
        const auto in_second = second.watch(two.io, quick("two"));
        {
            loopmon::monitor first;
            const auto in_first = first.watch(one.io, quick("one"));
            CHECK_FALSE(manager.receive(100ms)); // the program has not said that it is ready
            second.ready();
            const auto ready = manager.receive(60s);
            REQUIRE(ready);
            CHECK_THAT(*ready, Catch::ContainsSubstring("READY=1"));
        }
        while (const auto next = manager.receive()) {
            CHECK_THAT(*next, !Catch::ContainsSubstring("STOPPING=1"));
            CHECK_THAT(*next, !Catch::ContainsSubstring("READY=1"));
        }
    }
    while (const auto next = manager.receive()) {
        last = *next;
    }
    CHECK(last == "STOPPING=1");
}

TEST_CASE("monitor: READY=1 waits for each loop that is watched, also for one that never runs") {
    notify_socket manager;
    running_loop runs;
    asio::io_context never;
    loopmon::monitor monitor; // the first loop turns before the second is watched
    const auto first = monitor.watch(runs.io, quick("runs"));
    const auto second = monitor.watch(never, quick("never"));
    monitor.flush();
    CHECK_FALSE(manager.receive(300ms));
    never.poll();
    const auto ready = manager.receive(60s);
    REQUIRE(ready);
    CHECK_THAT(*ready, Catch::ContainsSubstring("READY=1"));
}

TEST_CASE("monitor: a program that enters an empty root goes on to feed its watchdog") {
    notify_socket manager;
    const temporary_directory empty;
    std::array<int, 2> entered{};
    REQUIRE(::pipe2(entered.data(), O_CLOEXEC) == 0);
    ::setenv("WATCHDOG_USEC", "300000", 1);
    ::unsetenv("WATCHDOG_PID");
    const auto child = ::fork();
    if (child == 0) {
        running_loop loop;
        loopmon::monitor monitor;
        const auto watched = monitor.watch(loop.io, quick());
        const char result = enter_root(empty.path().c_str()) ? 'y' : 'n';
        (void)!::write(entered[1], &result, 1);
        ::pause();
    }
    ::unsetenv("WATCHDOG_USEC");
    char result = 0;
    REQUIRE(::read(entered[0], &result, 1) == 1);
    while (manager.receive()) { // said before
    }
    for (int pings = 0; result == 'y' && pings < 3;) { // 'n': a sandbox that does not let us
        const auto next = manager.receive(60s);
        REQUIRE(next);
        pings += next->find("WATCHDOG=1") != std::string::npos ? 1 : 0;
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(entered[0]);
    ::close(entered[1]);
}

TEST_CASE("monitor: assigning over a handle ends what it stood for") {
    running_loop one;
    running_loop two;
    loopmon::monitor monitor;
    auto first = monitor.watch(one.io, quick("one"));
    auto second = monitor.watch(two.io, quick("two"));
    first = std::move(second);
    CHECK_NOTHROW(second = monitor.watch(one.io, quick("one")));
}

// A Reload is served by the program on the watcher thread, which is the one place where a test can
// hold that thread. Held for longer than it ever sleeps, it finds its end queued when it goes on
// and, behind that, a round whose timer has expired and cannot be cancelled any more.
TEST_CASE("monitor: ends also when its next round is due already, and blames no loop afterwards") {
    const private_bus bus;
    running_loop loop;
    std::promise<void> held;
    auto options = on(bus);
    options.reload = [&held](const std::function<void(std::string)>&) {
        held.set_value();
        std::this_thread::sleep_for(1500ms); // watch::watcher::max_sleep is 1 s
    };
    auto monitor = std::make_unique<loopmon::monitor>(options);
    auto watched = monitor->watch(loop.io, quick());
    REQUIRE(eventually([&] { return bus_client(bus.address()).has_owner(name); }));
    const blocked hold(loop.io);
    REQUIRE(eventually([] { return loopmon::overloaded(); }));

    std::thread caller([&bus] { // gets no answer, the monitor has gone
        (void)call(bus_client(bus.address()), root, manager_interface, "Reload");
    });
    held.get_future().wait();
    monitor.reset(); // did not return, when that round armed the timer again
    CHECK_FALSE(loopmon::overloaded());
    caller.join();
}
