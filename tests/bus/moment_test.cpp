// SPDX-License-Identifier: MIT
//
// All values of one message are of one moment. The model here moves on each time that it is looked
// at, so any second look shows.
#include "support/bus_client.hpp"
#include "support/catch.hpp"
#include "support/fake_program.hpp"
#include "support/private_bus.hpp"
#include "support/served_model.hpp"

#include <map>
#include <string>

using namespace loopmon::bus;
using namespace loopmon::test;

namespace {

constexpr auto name = "org.loopmon1.app.test";
constexpr auto path = "/org/loopmon1/loop/main";

using numbers = std::map<std::string, std::uint64_t>;

/// Reads an a{sv}; of its values, those of type t.
numbers read_properties(sd_bus_message* m) {
    numbers out;
    REQUIRE(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
    while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
        const char* property = nullptr;
        const char* type = nullptr;
        REQUIRE(sd_bus_message_read(m, "s", &property) > 0);
        REQUIRE(sd_bus_message_peek_type(m, nullptr, &type) > 0);
        if (std::string(type) == "t") {
            REQUIRE(sd_bus_message_read(m, "v", "t", &out[property]) > 0);
        } else {
            REQUIRE(sd_bus_message_skip(m, "v") > 0);
        }
        REQUIRE(sd_bus_message_exit_container(m) > 0);
    }
    REQUIRE(sd_bus_message_exit_container(m) > 0);
    return out;
}

numbers all_of(const bus_client& client) {
    sd_bus_message* reply = nullptr;
    REQUIRE(sd_bus_call_method(client.get(), name, path, "org.freedesktop.DBus.Properties",
                               "GetAll", nullptr, &reply, "s", loop_interface) >= 0);
    const loopmon::systemd::message_ptr owned(reply);
    return read_properties(reply);
}

/// Whether they show one look at the window and, after that, one at the loop.
void check_one_moment(numbers shown) {
    const auto status = shown["LagUSec"];
    for (const auto* const property : {"LagSampleUSec", "LagMaxUSec", "NSamples", "NStalls"}) {
        INFO(property);
        CHECK(shown[property] == status);
    }
    const auto window = shown["LagP50USec"];
    for (const auto* const property :
         {"LagP90USec", "LagP99USec", "LagP999USec", "LagWindowMaxUSec"}) {
        INFO(property);
        CHECK(shown[property] == window);
    }
    CHECK(window + 1 == status);
}

} // namespace

TEST_CASE("moment: all properties of one GetAll are of one moment, and the next of another") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    model.ticks = true;
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    const auto first = all_of(client);
    check_one_moment(first);
    const auto second = all_of(client);
    check_one_moment(second);
    CHECK(second.at("LagUSec") > first.at("LagUSec"));
    CHECK(client.number(name, path, loop_interface, "LagUSec") > second.at("LagUSec"));
}

TEST_CASE("moment: all objects of one GetManagedObjects are of one moment") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    model.ticks = true;
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    sd_bus_message* reply = nullptr;
    REQUIRE(sd_bus_call_method(client.get(), name, bus_root, "org.freedesktop.DBus.ObjectManager",
                               "GetManagedObjects", nullptr, &reply, "") >= 0);
    const loopmon::systemd::message_ptr owned(reply);
    REQUIRE(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}") > 0);
    int loops = 0;
    while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
        const char* object = nullptr;
        REQUIRE(sd_bus_message_read(reply, "o", &object) > 0);
        REQUIRE(sd_bus_message_enter_container(reply, 'a', "{sa{sv}}") > 0);
        while (sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
            const char* interface = nullptr;
            REQUIRE(sd_bus_message_read(reply, "s", &interface) > 0);
            const auto shown = read_properties(reply);
            if (std::string(interface) == loop_interface) {
                check_one_moment(shown);
                ++loops;
            }
            sd_bus_message_exit_container(reply);
        }
        sd_bus_message_exit_container(reply);
        sd_bus_message_exit_container(reply);
    }
    CHECK(loops == 1);
}
