// SPDX-License-Identifier: MIT
//
// The library as its users have it: a real loop on a thread of its own, a real dbus-daemon, a
// client that reads while the loop is blocked. Thresholds are short here, and the loop is held by
// the test until it has seen what it wanted, so nothing depends on the speed of the machine.
#include <loopmon/loopmon.hpp>

#include "support/bus_client.hpp"
#include "support/catch.hpp"
#include "support/notify_socket.hpp"
#include "support/private_bus.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <future>
#include <optional>
#include <thread>

using namespace std::chrono_literals;
using namespace loopmon::test;
namespace asio = boost::asio;

namespace {

constexpr auto name = "org.loopmon1.app.test";
constexpr auto loop_path = "/org/loopmon1/loop/main";
constexpr auto loop_interface = "org.loopmon1.Loop";
constexpr auto root = "/org/loopmon1";
constexpr auto manager_interface = "org.loopmon1.Manager";

loopmon::monitor_options on(const private_bus& bus) {
    loopmon::monitor_options options;
    options.bus_address = bus.address();
    options.bus_name = name;
    options.settings.grace = 0s;
    return options;
}

loopmon::watch_options quick(std::string loop_name = "main") {
    loopmon::watch_options options;
    options.name = std::move(loop_name);
    options.interval = 10ms;
    options.warn = 100ms;
    options.clear_after = 20ms;
    return options;
}

/// A loop on a thread of its own.
struct running_loop {
    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::thread thread{[this] { io.run(); }};

    ~running_loop() { end(); }
    void end() {
        if (thread.joinable()) {
            work.reset();
            thread.join();
        }
    }
};

/// Holds a loop inside a handler.
class blocked {
public:
    explicit blocked(asio::io_context& io) {
        std::promise<void> entered;
        asio::post(io, [&entered, go = go_.get_future().share()] {
            entered.set_value();
            go.wait();
        });
        entered.get_future().wait();
    }
    ~blocked() { release(); }
    void release() {
        if (!std::exchange(released_, true)) {
            go_.set_value();
        }
    }

private:
    std::promise<void> go_;
    bool released_ = false;
};

std::uint64_t lag(const bus_client& client) {
    return client.number(name, loop_path, loop_interface, "LagUSec");
}
std::string state(const bus_client& client) {
    return client.text(name, loop_path, loop_interface, "State");
}
std::string call(const bus_client& client, const char* path, const char* interface,
                 const char* member, const char* signature = "", const char* s = nullptr,
                 std::uint64_t t = 0) {
    return client.error_of([&](sd_bus_error* e) {
        return *signature == '\0'
                   ? sd_bus_call_method(client.get(), name, path, interface, member, e, nullptr, "")
               : std::string_view(signature) == "s"
                   ? sd_bus_call_method(client.get(), name, path, interface, member, e, nullptr,
                                        "s", s)
                   : sd_bus_call_method(client.get(), name, path, interface, member, e, nullptr,
                                        "st", s, t);
    });
}

} // namespace

TEST_CASE("monitor: lag is a live number, read from outside, while the loop is blocked") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(loop.io, quick());
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    REQUIRE(eventually([&] { return state(client) == "nominal"; }));

    blocked hold(loop.io);
    REQUIRE(eventually([&] { return state(client) == "degraded"; }));
    CHECK(loopmon::overloaded());
    const auto first = lag(client);
    CHECK(first >= 100'000);
    const auto second = lag(client);
    CHECK(second > first);
    CHECK(client.number(name, loop_path, loop_interface, "NStalls") == 1);

    hold.release();
    REQUIRE(eventually([&] { return state(client) == "nominal"; }));
    CHECK_FALSE(loopmon::overloaded());
    CHECK(client.number(name, loop_path, loop_interface, "LagMaxUSec") >= second);
}

TEST_CASE("monitor: a change of state is signalled to whoever listens") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(loop.io, quick());
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    REQUIRE(eventually(
        [&] { return client.text(name, root, manager_interface, "State") == "nominal"; }));
    int heard = 0;
    sd_bus_match_signal(
        client.get(), nullptr, name, loop_path, "org.freedesktop.DBus.Properties",
        "PropertiesChanged",
        [](sd_bus_message*, void* count, sd_bus_error*) {
            ++*static_cast<int*>(count);
            return 0;
        },
        &heard);
    blocked hold(loop.io);
    REQUIRE(eventually([&] {
        while (sd_bus_process(client.get(), nullptr) > 0) {
        }
        return heard > 0;
    }));
}

TEST_CASE("monitor: live tasks are counted and listed with the place that spawned them") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(loop.io, quick());
    asio::steady_timer never(loop.io, 1h);
    const auto line = BOOST_CURRENT_LOCATION.line() + 1;
    loopmon::spawn(loop.io, "poll-modem", [&never]() -> asio::awaitable<void> {
        boost::system::error_code cancelled;
        co_await never.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    });
    std::optional<loopmon::task> callback_task(std::in_place, loop.io, "by hand");
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    CHECK(client.number(name, loop_path, loop_interface, "ActiveTasks") == 2);

    sd_bus_message* reply = nullptr;
    REQUIRE(sd_bus_call_method(client.get(), name, loop_path, loop_interface, "ListTasks", nullptr,
                               &reply, "") >= 0);
    const loopmon::systemd::message_ptr owned(reply);
    REQUIRE(sd_bus_message_enter_container(reply, 'a', "(tssttt)") > 0);
    std::uint64_t id = 0, age = 0, run = 0, pending = 0;
    const char* task = nullptr;
    const char* where = nullptr;
    REQUIRE(sd_bus_message_read(reply, "(tssttt)", &id, &task, &where, &age, &run, &pending) > 0);
    CHECK(std::string(task) == "poll-modem");
    CHECK(std::string(where) == "tests/bus/monitor_test.cpp:" + std::to_string(line));

    callback_task.reset();
    asio::post(loop.io, [&never] { never.cancel(); });
    REQUIRE(eventually(
        [&] { return client.number(name, loop_path, loop_interface, "ActiveTasks") == 0; }));
}

TEST_CASE("monitor: loops come and go with their handles, and D-Bus follows") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop first;
    running_loop second;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(first.io, quick());
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    auto more = std::make_optional(monitor.watch(second.io, quick("se cond")));
    const auto path = "/org/loopmon1/loop/se_20cond";
    const auto there = [&] {
        return client
            .error_of([&](sd_bus_error* e) {
                std::uint64_t value = 0;
                return sd_bus_get_property_trivial(client.get(), name, path, loop_interface,
                                                   "NStalls", e, 't', &value);
            })
            .empty();
    };
    REQUIRE(eventually(there));
    more.reset();
    REQUIRE(eventually([&] { return !there(); }));
    more.emplace(monitor.watch(second.io, quick("se cond"))); // both name and context are free
    REQUIRE(eventually(there));
}

TEST_CASE("monitor: a broker that dies and returns is survived, and the name owned again") {
    private_bus bus;
    running_loop loop;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(loop.io, quick());
    REQUIRE(eventually([&] { return bus_client(bus.address()).has_owner(name); }));
    bus.kill();
    {
        blocked hold(loop.io);
        REQUIRE(eventually([] { return loopmon::overloaded(); })); // watching goes on
    }
    bus.restart();
    REQUIRE(eventually([&] { return bus_client(bus.address()).has_owner(name); }));
    CHECK(bus_client(bus.address()).number(name, loop_path, loop_interface, "NStalls") == 1);
}

TEST_CASE("monitor: a broker that hangs costs nothing but D-Bus") {
    private_bus bus;
    bus.stop_process();
    running_loop loop;
    {
        loopmon::monitor monitor(on(bus));
        const auto watched = monitor.watch(loop.io, quick());
        monitor.ready();
        blocked hold(loop.io);
        CHECK(eventually([] { return loopmon::overloaded(); }));
    } // and the monitor ends
    bus.continue_process();
}

TEST_CASE("monitor: what a program cannot do is not offered, or refused by name") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(loop.io, quick());
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    CHECK(call(client, root, manager_interface, "Reload") ==
          "org.freedesktop.DBus.Error.UnknownMethod");
    CHECK(call(client, root, manager_interface, "Inject", "st", "cpu", 1) ==
          "org.loopmon1.Error.NotPermitted");
    CHECK(call(client, loop_path, loop_interface, "GetHistogram", "s", "queue") ==
          "org.loopmon1.Error.Unsupported");
    CHECK(call(client, loop_path, loop_interface, "GetHistogram", "s", "lag").empty());
    CHECK(call(client, root, manager_interface, "GetReport").empty());
    CHECK(call(client, root, manager_interface, "ResetStatistics").empty());
}

TEST_CASE("monitor: injection, where it is allowed, stalls the loop for real") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    auto options = on(bus);
    options.settings.injection = true;
    loopmon::monitor monitor(options);
    const auto watched = monitor.watch(loop.io, quick());
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    CHECK(call(client, root, manager_interface, "Inject", "st", "noise", 1) ==
          "org.freedesktop.DBus.Error.InvalidArgs");
    const auto* const kind = GENERATE("cpu", "sleep", "congestion");
    // Ten times the limit: a watcher that a busy machine lets wait excuses what it did not see.
    CHECK(call(client, root, manager_interface, "Inject", "st", kind, 1'000'000).empty());
    CHECK(eventually([] { return loopmon::overloaded(); }));
    CHECK(
        eventually([&] { return client.number(name, loop_path, loop_interface, "NStalls") >= 1; }));
    CHECK(eventually([] { return !loopmon::overloaded(); }));
}

TEST_CASE("monitor: a reload is answered when the program is done with it") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    auto options = on(bus);
    std::string outcome;
    std::thread worker;
    options.reload = [&](std::function<void(std::string)> done) {
        worker = std::thread([done = std::move(done), &outcome] { done(outcome); });
    };
    loopmon::monitor monitor(options);
    const auto watched = monitor.watch(loop.io, quick());
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    CHECK(call(client, root, manager_interface, "Reload").empty());
    worker.join();
    outcome = "f:1:1: error: key 'x'";
    CHECK(call(client, root, manager_interface, "Reload") ==
          "org.loopmon1.Error.InvalidConfiguration");
    worker.join();
}

TEST_CASE("monitor: a probe shows what was reported to it") {
    const private_bus bus;
    const bus_client client(bus.address());
    loopmon::monitor monitor(on(bus));
    auto probe = monitor.add_probe({.name = "modem", .kind = "serial", .target = "/dev/ttyS1"});
    CHECK_THROWS_AS(monitor.add_probe({.name = "modem", .kind = "", .target = ""}),
                    std::invalid_argument);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    const auto path = "/org/loopmon1/probe/modem";
    const auto shown = [&](const char* property) {
        return client.text(name, path, "org.loopmon1.Probe", property);
    };
    CHECK(shown("State") == "unknown");
    probe.answered(3ms);
    CHECK(eventually([&] { return shown("State") == "ok"; }));
    CHECK(client.number(name, path, "org.loopmon1.Probe", "LatencyUSec") == 3000);
    probe.failed("no carrier");
    CHECK(eventually([&] { return shown("State") == "failed"; }));
    CHECK(shown("Error") == "no carrier");
    CHECK(shown("Kind") == "serial");
    CHECK(shown("Target") == "/dev/ttyS1");
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
