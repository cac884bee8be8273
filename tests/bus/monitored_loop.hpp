// SPDX-License-Identifier: MIT
//
// What the tests of a whole monitor share: a loop on a thread of its own, short thresholds, a way
// to block it for as long as a test wants, and short names for what a client reads.
#pragma once

#include <loopmon/loopmon.hpp>

#include "support/bus_client.hpp"
#include "support/gate.hpp"
#include "support/private_bus.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace loopmon::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline constexpr auto name = "org.loopmon1.app.test";
inline constexpr auto loop_path = "/org/loopmon1/loop/main";
inline constexpr auto loop_interface = "org.loopmon1.Loop";
inline constexpr auto root = "/org/loopmon1";
inline constexpr auto manager_interface = "org.loopmon1.Manager";

inline monitor_options on(const private_bus& bus) {
    monitor_options options;
    options.bus_address = bus.address();
    options.bus_name = name;
    options.settings.grace = 0s;
    return options;
}

inline watch_options quick(std::string loop_name = "main") {
    watch_options options;
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
        asio::post(io, gate_.passage());
        gate_.entered();
    }
    void release() { gate_.open(); }

private:
    gate gate_;
};

inline std::uint64_t lag(const bus_client& client) {
    return client.number(name, loop_path, loop_interface, "LagUSec");
}
inline std::string state(const bus_client& client) {
    return client.text(name, loop_path, loop_interface, "State");
}
inline std::string call(const bus_client& client, const char* path, const char* interface,
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

} // namespace loopmon::test
