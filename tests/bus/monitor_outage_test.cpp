// SPDX-License-Identifier: MIT
//
// A monitor without its bus goes on watching.
#include "monitored_loop.hpp"

#include "support/catch.hpp"

using namespace loopmon::test;

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
