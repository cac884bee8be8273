// SPDX-License-Identifier: MIT
//
// The library as its users have it: a real loop on a thread of its own, a real dbus-daemon, a
// client that reads while the loop is blocked. Thresholds are short here, and the loop is held by
// the test until it has seen what it wanted, so nothing depends on the speed of the machine.
#include "monitored_loop.hpp"

#include "support/catch.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>

using namespace loopmon::test;

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
    auto watched = monitor.watch(loop.io, quick());
    asio::steady_timer never(loop.io, 1h);
    const auto line = loopmon::source_location::current().line() + 1;
    loopmon::spawn(loop.io, "poll-modem", [&never, &watched]() -> asio::awaitable<void> {
        watched.configure(quick()); // the rounds of the monitor that follow are not of this task
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
    CHECK(pending == 1); // it waits for its timer

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
    CHECK(call(client, loop_path, loop_interface, "GetHistogram", "s", "cue") ==
          "org.loopmon1.Error.Unsupported");
    for (const auto* const kind : {"lag", "queue", "run"}) {
        CHECK(call(client, loop_path, loop_interface, "GetHistogram", "s", kind).empty());
    }
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
    // Ten times the limit: a watcher that a busy machine lets wait exempts what it did not see.
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
