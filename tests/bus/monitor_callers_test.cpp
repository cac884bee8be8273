// SPDX-License-Identifier: MIT
//
// Whoever calls, and whatever the broker does meanwhile: the watchdog is fed.
#include "monitored_loop.hpp"

#include "support/catch.hpp"
#include "support/notify_socket.hpp"

#include <cstdlib>

using namespace loopmon::test;

namespace {

/// $WATCHDOG_USEC of this process.
struct short_watchdog {
    short_watchdog() { setenv("WATCHDOG_USEC", "300000", 1); }
    ~short_watchdog() { unsetenv("WATCHDOG_USEC"); }
};

/// Sends a call without waiting for its reply, and returns when the broker has passed it on.
void send(const bus_client& client, const char* member) {
    REQUIRE(sd_bus_call_method_async(client.get(), nullptr, name, root, manager_interface, member,
                                     nullptr, nullptr, "") >= 0);
    REQUIRE(client.has_owner(name)); // the broker answers in turn
}

/// Waits for so many pings; far more patience for each than any machine needs, and far less than
/// sd-bus has with a broker (25 s).
bool pinged(notify_socket& manager, int pings) {
    while (pings > 0) {
        const auto said = manager.receive(10s);
        if (!said) {
            return false;
        }
        pings -= said->find("WATCHDOG=1") != std::string::npos ? 1 : 0;
    }
    return true;
}

} // namespace

TEST_CASE("monitor: pings go on while the broker, asked for the caller, hangs") {
    private_bus bus;
    const bus_client client(bus.address());
    const bus_client another(bus.address());
    running_loop loop;
    gate reload;
    notify_socket manager;
    const short_watchdog watchdog;
    auto options = on(bus);
    // Holds the watcher until the broker hangs and the other call is in the watcher's socket.
    options.reload = [&, pass = reload.passage()](const std::function<void(std::string)>& done) {
        pass();
        done({});
    };
    loopmon::monitor monitor(options);
    const auto watched = monitor.watch(loop.io, quick());
    monitor.ready();
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    REQUIRE(pinged(manager, 2));

    send(client, "Reload");
    reload.entered();
    send(another, "ResetStatistics");
    bus.stop_process();
    while (manager.receive()) { // what was said until now
    }
    reload.open();
    CHECK(pinged(manager, 5));

    bus.continue_process();
    CHECK(call(another, root, manager_interface, "ResetStatistics").empty());
    CHECK(pinged(manager, 1));
}
