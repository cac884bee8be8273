// SPDX-License-Identifier: MIT
//
// The daemon without its main().
#include "app.hpp"

#include "exit_code.hpp"
#include "support/bus_client.hpp"
#include "support/catch.hpp"
#include "support/private_bus.hpp"

#include <csignal>
#include <set>
#include <string>
#include <thread>

#include <unistd.h>

using namespace loopmon::test;
using namespace std::chrono_literals;

namespace {

constexpr auto daemon_name = "org.loopmon1";
constexpr auto main_path = "/org/loopmon1/loop/main";
constexpr auto loop_interface = "org.loopmon1.Loop";

struct listed_tasks {
    std::multiset<std::string> names;
    std::set<std::string> files;
};

listed_tasks list_tasks(const bus_client& client) {
    sd_bus_message* reply = nullptr;
    REQUIRE(sd_bus_call_method(client.get(), daemon_name, main_path, loop_interface, "ListTasks",
                               nullptr, &reply, "") >= 0);
    const loopmon::systemd::message_ptr owned(reply);
    REQUIRE(sd_bus_message_enter_container(reply, 'a', "(tssttt)") > 0);
    listed_tasks tasks;
    std::uint64_t number = 0;
    const char* name = nullptr;
    const char* where = nullptr;
    while (sd_bus_message_read(reply, "(tssttt)", &number, &name, &where, &number, &number,
                               &number) > 0) {
        const std::string place = where;
        tasks.names.insert(name);
        tasks.files.insert(place.substr(0, place.rfind(':')));
    }
    return tasks;
}

} // namespace

// The proof is left to the thread sanitizer: sd-bus and the probes have no locks.
TEST_CASE("app: with several threads the probes still share one connection, one at a time") {
    const private_bus bus;
    const bus_client client(bus.address());
    loopmond::load_result loaded;
    loaded.value.bus_address = bus.address();
    loaded.value.threads = 4;
    std::multiset<std::string> wanted;
    // Two: with more calls in flight libsystemd grows a table, for which it draws a hash key into a
    // variable of its own that all threads share, and the sanitizer reports that.
    for (int i = 0; i < 2; ++i) {
        loopmond::probe_config probe;
        probe.name = "p" + std::to_string(i);
        probe.target = "dbus:org.freedesktop.DBus";
        probe.bus_name = "org.freedesktop.DBus";
        probe.interval = 1ms; // no file can ask for this
        loaded.value.probes.push_back(probe);
        wanted.insert("probe:" + probe.name);
    }
    loopmond::app app({}, loaded);
    int code = -1;
    std::thread control([&] { code = app.run(); });

    const auto asked = [&](const std::string& probe) {
        std::uint64_t times = 0;
        client.error_of([&](sd_bus_error* e) {
            return sd_bus_get_property_trivial(client.get(), daemon_name,
                                               ("/org/loopmon1/probe/" + probe).c_str(),
                                               "org.loopmon1.Probe", "NProbes", e, 't', &times);
        });
        return times;
    };
    for (const auto& probe : loaded.value.probes) {
        CHECK(eventually([&] { return asked(probe.name) >= 200; }));
    }
    const auto tasks = list_tasks(client);
    CHECK(tasks.names == wanted);
    CHECK(tasks.files == std::set<std::string>{"daemon/services/dbus_probe.cpp"});
    CHECK(client.number(daemon_name, main_path, loop_interface, "ActiveTasks") == wanted.size());

    ::kill(::getpid(), SIGTERM);
    control.join();
    CHECK(code == loopmond::exit_ok);
}
