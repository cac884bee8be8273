// SPDX-License-Identifier: MIT
// A program of somebody else that uses sd-bus on asio: it asks the session's broker for its id.
#include <loopmon/systemd/async_call.hpp>
#include <loopmon/systemd/bus_link.hpp>

#include <boost/asio/io_context.hpp>

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

namespace asio = boost::asio;
namespace systemd = loopmon::systemd;
using namespace std::chrono_literals;

int main() {
    asio::io_context io;
    std::string id;
    std::shared_ptr<systemd::bus_link> link;
    const auto answered = [&](const systemd::call_error& error, const systemd::message_ptr& reply) {
        const char* text = nullptr;
        if (!error && sd_bus_message_read(reply.get(), "s", &text) > 0) {
            id = text;
        }
        link->stop();
    };
    link = systemd::bus_link::start(
        io.get_executor(), {.address = "session"},
        {.connected =
             [&](systemd::bus_pump& pump) {
                 sd_bus_message* message = nullptr;
                 pump.with_bus([&message](sd_bus* bus) {
                     sd_bus_message_new_method_call(bus, &message, "org.freedesktop.DBus",
                                                    "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                    "GetId");
                 });
                 systemd::async_call(pump, systemd::message_ptr(message), 10s, answered);
             },
         .lost =
             [&](const std::string& error, bool /*was_connected*/) {
                 std::puts(error.c_str());
                 link->stop();
             }});
    io.run();
    std::printf("the broker is %s\n", id.c_str());
    return id.empty() ? 1 : 0;
}
