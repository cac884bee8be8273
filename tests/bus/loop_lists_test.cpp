// SPDX-License-Identifier: MIT
//
// Lists on a real dbus-daemon: in pages, and readable whatever names there are.
#include "support/bus_client.hpp"
#include "support/catch.hpp"
#include "support/fake_program.hpp"
#include "support/private_bus.hpp"
#include "support/served_model.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace loopmon::bus;
using namespace loopmon::test;

namespace {

constexpr auto name = "org.loopmon1.app.test";
constexpr auto path = "/org/loopmon1/loop/main";

/// UTF-8 as RFC 3629 has it, and as it would be for invalid characters.
std::string encoded(std::uint32_t c) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    const auto next = [&](unsigned shift) { return byte(0x80 | (c >> shift & 0x3f)); };
    if (c < 0x80) {
        return {byte(c)};
    }
    if (c < 0x800) {
        return {byte(0xc0 | c >> 6), next(0)};
    }
    if (c < 0x10000) {
        return {byte(0xe0 | c >> 12), next(6), next(0)};
    }
    return {byte(0xf0 | c >> 18), next(12), next(6), next(0)};
}

loopmon::systemd::message_ptr call(const bus_client& client, const char* method,
                                   const char* signature = "", std::uint64_t after = 0,
                                   std::uint32_t limit = 0) {
    sd_bus_message* reply = nullptr;
    const bool pages = *signature != '\0';
    REQUIRE((pages ? sd_bus_call_method(client.get(), name, path, loop_interface, method, nullptr,
                                        &reply, signature, after, limit)
                   : sd_bus_call_method(client.get(), name, path, loop_interface, method, nullptr,
                                        &reply, "")) >= 0);
    return loopmon::systemd::message_ptr(reply);
}

struct listed {
    std::uint64_t id;
    std::string name;
};

std::vector<listed> tasks_in(const loopmon::systemd::message_ptr& reply) {
    std::vector<listed> out;
    REQUIRE(sd_bus_message_enter_container(reply.get(), 'a', "(tssttt)") > 0);
    std::uint64_t n[4] = {};
    const char* task = nullptr;
    const char* spawned = nullptr;
    while (sd_bus_message_read(reply.get(), "(tssttt)", &n[0], &task, &spawned, &n[1], &n[2],
                               &n[3]) > 0) {
        out.push_back({n[0], task});
    }
    return out;
}

} // namespace

TEST_CASE("loop lists: a name of any bytes is passed on, as far as sd-bus takes it") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    // Both ends of each range that some rule names, and of each length.
    for (const std::uint32_t c :
         {0x1U,     0x1fU,    0x20U,    0x7eU,     0x7fU,     0x80U,     0x9fU,    0xa0U,
          0x7ffU,   0x800U,   0x61cU,   0x200dU,   0x200eU,   0x200fU,   0x2028U,  0x2029U,
          0x202aU,  0x202eU,  0x2066U,  0x2069U,   0xd7ffU,   0xd800U,   0xdfffU,  0xe000U,
          0xfdcfU,  0xfdd0U,  0xfdefU,  0xfdf0U,   0xfeffU,   0xfffdU,   0xfffeU,  0xffffU,
          0x10000U, 0x1fffeU, 0x1ffffU, 0x10fffdU, 0x10fffeU, 0x10ffffU, 0x110000U}) {
        model.shown_tasks.push_back(
            {.id = model.shown_tasks.size() + 1, .name = 'a' + encoded(c) + 'z'});
    }
    for (const char* bytes : {"\x80", "\xc0\x80", "\xe2\x82", "\xf5\x80\x80\x80", "\xff"}) {
        model.shown_tasks.push_back({.id = model.shown_tasks.size() + 1, .name = bytes});
    }
    model.shown_stalls = {{.culprit = {.task = "\ufffe", .stack = {"\ufdd0"}}}};
    model.shown_groups = {{.name = "\uffff", .count = 7}};
    model.shown.name = "main";
    model.shown.tracking = true;
    model.shown.running_task = "\U0001fffe";
    model.reason = "\ufffe";
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));

    const auto tasks = tasks_in(call(client, "ListTasks"));
    REQUIRE(tasks.size() == model.shown_tasks.size());
    for (const auto& [id, shown] : tasks) {
        const auto& given = model.shown_tasks.at(static_cast<std::size_t>(id - 1)).name;
        INFO(id);
        CHECK((shown == given || shown.find('?') != std::string::npos));
    }
    CHECK(tasks[2].name == "a z");
    CHECK(tasks[5].name == "a?z"); // U+0080
    call(client, "ListStalls");
    const auto groups = call(client, "ListTasksByName");
    const char* text = nullptr;
    std::uint64_t n[3] = {};
    REQUIRE(sd_bus_message_enter_container(groups.get(), 'a', "(sttt)") > 0);
    REQUIRE(sd_bus_message_read(groups.get(), "(sttt)", &text, &n[0], &n[1], &n[2]) > 0);
    CHECK(std::string(text) == "?");
    CHECK(n[0] == 7);
    CHECK(client.text(name, path, loop_interface, "RunningTask") == "?");
    CHECK(client.text(name, bus_root, manager_interface, "LastTripReason") == "?");
    sd_bus_message* report = nullptr;
    REQUIRE(sd_bus_call_method(client.get(), name, bus_root, manager_interface, "GetReport",
                               nullptr, &report, "") >= 0);
    const loopmon::systemd::message_ptr owned(report);
    CHECK(sd_bus_message_read(report, "s", &text) > 0);
}

TEST_CASE("loop lists: tasks come in pages, and no reply has more than a thousand") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    for (std::uint64_t id = 1; id <= 2500; ++id) {
        model.shown_tasks.push_back({.id = id});
    }
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    CHECK(tasks_in(call(client, "ListTasks")).size() == 1000);
    const auto page = [&](std::uint64_t after, std::uint32_t limit) {
        return tasks_in(call(client, "ListTasksAfter", "tu", after, limit));
    };
    CHECK(page(0, 2000).size() == 1000);
    CHECK(page(0, 0).size() == 1000);
    CHECK(page(1000, 0).front().id == 1001);
    CHECK(page(2000, 0).size() == 500);
    CHECK(page(2500, 0).empty());
    const auto two = page(7, 2);
    REQUIRE(two.size() == 2);
    CHECK(two[0].id == 8);
    CHECK(two[1].id == 9);
}
