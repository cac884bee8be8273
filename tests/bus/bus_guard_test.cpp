// SPDX-License-Identifier: MIT
//
// Who may call what, and how much of it, on a real dbus-daemon.
#include "support/bus_client.hpp"
#include "support/bus_pair.hpp"
#include "support/catch.hpp"
#include "support/fake_program.hpp"
#include "support/private_bus.hpp"
#include "support/served_model.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

using namespace loopmon::bus;
using namespace loopmon::test;

namespace {

constexpr auto name = "org.loopmon1.app.test";
constexpr auto path = "/org/loopmon1/loop/main";
constexpr auto properties = "org.freedesktop.DBus.Properties";
constexpr auto limits_exceeded = SD_BUS_ERROR_LIMITS_EXCEEDED;

std::string call(const bus_client& client, const char* object, const char* interface,
                 const char* member) {
    return client.error_of([&](sd_bus_error* e) {
        return sd_bus_call_method(client.get(), name, object, interface, member, e, nullptr, "");
    });
}

std::string set_log_level(const bus_client& client, const char* level) {
    return client.error_of([&](sd_bus_error* e) {
        return sd_bus_set_property(client.get(), name, "/org/freedesktop/LogControl1",
                                   "org.freedesktop.LogControl1", "LogLevel", e, "s", level);
    });
}

/// A service with its bus.
struct service {
    private_bus bus;
    fake_program model;
    served_model loop{bus.address(), name, model};
    bus_client client{bus.address()};

    service() {
        REQUIRE(eventually([&] { return client.has_owner(name); }));
    }
};

} // namespace

TEST_CASE("bus_guard: calls that change state are for root and the user of the service") {
    service s;
    CHECK(call(s.client, bus_root, manager_interface, "ResetStatistics").empty());
    CHECK(set_log_level(s.client, "crit").empty());
    CHECK(s.model.resets == 1);
    if (::geteuid() != 0) {
        return; // it takes root to be somebody else
    }
    const auto nobody = bus_client::of_nobody(s.bus.address());
    for (int i = 0; i < 3; ++i) { // asked for, and known
        CHECK(call(nobody, bus_root, manager_interface, "ResetStatistics") ==
              SD_BUS_ERROR_ACCESS_DENIED);
        CHECK(call(nobody, bus_root, nullptr, "ResetStatistics") == SD_BUS_ERROR_ACCESS_DENIED);
        CHECK(set_log_level(nobody, "debug") == SD_BUS_ERROR_ACCESS_DENIED);
    }
    CHECK(s.model.resets == 1);
    CHECK(s.client.text(name, "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
                        "LogLevel") == "crit");
    CHECK(nobody.text(name, path, loop_interface, "Name") == "main");
    CHECK(call(nobody, path, loop_interface, "ListTasks").empty());
}

TEST_CASE("bus_guard: the policy for the system bus refuses what the guard would") {
    std::ostringstream policy;
    policy << std::ifstream(LOOPMON_SOURCE_DIR "/systemd/org.loopmon1.conf.in").rdbuf();
    fake_program model;
    model.reloads = true;
    moment shown(model);
    std::size_t members = 0;
    for (const auto& object : {make_manager_object(shown), make_log_control(model)}) {
        for (const auto member : object->protected_members()) {
            // The bus reads no file that names a member without its interface.
            const std::string interface =
                member == "Set" ? "org.freedesktop.DBus.Properties" : manager_interface;
            CHECK_THAT(policy.str(),
                       Catch::ContainsSubstring(R"(<deny send_destination="org.loopmon1" )"
                                                R"(send_interface=")" +
                                                interface + "\"\n          send_member=\"" +
                                                std::string(member) + "\"/>"));
            ++members;
        }
    }
    CHECK(members == 5); // Set is there for two properties
}

TEST_CASE("bus_guard: costly calls are limited for each sender, and not for root") {
    service s;
    if (::geteuid() != 0) {
        return;
    }
    const auto nobody = bus_client::of_nobody(s.bus.address());
    const auto greedy = [&](const char* object, const char* interface, const char* member) {
        std::string error;
        // A slow machine gives tokens back meanwhile, though not as many as it takes calls.
        for (int i = 0; i < 10'000 && error.empty(); ++i) {
            error = call(nobody, object, interface, member);
        }
        return error;
    };
    CHECK(greedy(bus_root, manager_interface, "GetReport") == limits_exceeded);
    CHECK(greedy(path, loop_interface, "ListTasks") == limits_exceeded);
    CHECK(greedy(bus_root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects") ==
          limits_exceeded);
    CHECK(nobody.text(name, path, loop_interface, "Name") == "main"); // reads go on
    // Another sender has a budget of its own.
    CHECK(call(bus_client::of_nobody(s.bus.address()), path, loop_interface, "ListTasks").empty());
    for (std::uint32_t i = 0; i < 2 * bus_guard::burst_of_one; ++i) {
        REQUIRE(call(s.client, bus_root, manager_interface, "GetReport").empty());
    }
}

TEST_CASE("bus_guard: a long text is not repeated") {
    service s;
    const std::string huge(1'000'000, 'x');
    const auto error_of = [&](const std::string& object, const char* interface, const char* member,
                              const char* type, const char* text) {
        sd_bus_error error{};
        sd_bus_message* call = nullptr;
        REQUIRE(sd_bus_message_new_method_call(s.client.get(), &call, name, object.c_str(),
                                               interface, member) >= 0);
        const loopmon::systemd::message_ptr owned(call);
        REQUIRE(sd_bus_message_append(call, type, text, text) >= 0);
        CHECK(sd_bus_call(s.client.get(), call, 0, &error, nullptr) < 0);
        CHECK(std::string(error.message).size() < 1000);
        std::string out = error.name;
        sd_bus_error_free(&error);
        return out;
    };
    const std::string long_path(50'000, 'x'); // sd-bus makes none over 64 KiB; others do
    CHECK(error_of('/' + long_path, loop_interface, "ListTasks", "", "") == limits_exceeded);
    CHECK(error_of(path, loop_interface, "GetHistogram", "s", huge.c_str()) == limits_exceeded);
    CHECK(error_of(path, properties, "Get", "ss", huge.c_str()) == limits_exceeded);
    CHECK(error_of(path, properties, "GetAll", "s", huge.c_str()) == limits_exceeded);
    CHECK(set_log_level(s.client, huge.c_str()) == limits_exceeded);
    // What is short enough to pass is cut where it is repeated.
    const std::string longish(bus_guard::max_text, 'x');
    CHECK(error_of(path, loop_interface, "GetHistogram", "s", longish.c_str()) ==
          error_unsupported);
    CHECK(set_log_level(s.client, longish.c_str()) == SD_BUS_ERROR_INVALID_ARGS);
}

TEST_CASE("bus_guard: who never reads gets no more replies than the queue may hold") {
    const bus_pair pair;
    fake_program model;
    moment shown(model);
    bus_guard guard(shown);
    REQUIRE(guard.add_to(pair.server.get()) >= 0);
    // sd-bus asks for 8 MiB.
    const int little = 4096;
    REQUIRE(setsockopt(sd_bus_get_fd(pair.server.get()), SOL_SOCKET, SO_SNDBUF, &little,
                       sizeof little) == 0);
    const auto queued = [&] {
        std::uint64_t n = 0;
        sd_bus_get_n_queued_write(pair.server.get(), &n);
        return n;
    };
    for (int i = 0; i < 2'000; ++i) {
        REQUIRE(sd_bus_call_method_async(
                    pair.client.get(), nullptr, nullptr, "/", "org.freedesktop.DBus.Peer", "Ping",
                    [](sd_bus_message*, void*, sd_bus_error*) { return 0; }, nullptr, "") >= 0);
        while (sd_bus_process(pair.server.get(), nullptr) > 0) {
        }
    }
    CHECK(bus_guard::congested(pair.server.get())); // else the test has shown nothing
    CHECK(queued() <= bus_guard::max_unsent);
    guard.drop();
}
