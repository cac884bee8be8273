// SPDX-License-Identifier: MIT
#include <loopmon/systemd/bus_link.hpp>

#include "support/catch.hpp"
#include "support/private_bus.hpp"
#include "support/run_until.hpp"
#include "support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <systemd/sd-bus.h>

#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using loopmon::systemd::bus_link;
using loopmon::systemd::bus_link_options;
using loopmon::systemd::bus_pump;
using loopmon::test::private_bus;
using loopmon::test::run_until;
using loopmon::test::temporary_directory;

namespace {

struct loss {
    std::string error;
    bool was_connected;
};

/// A link and its reports.
struct linked {
    asio::io_context io;
    int connected = 0;
    std::vector<loss> losses;
    std::shared_ptr<bus_link> link;

    /// Called after the event was noted.
    std::function<void()> on_connected = [] {};
    std::function<void()> on_lost = [] {};

    explicit linked(const std::string& address, std::chrono::milliseconds handshake_timeout = 30s,
                    std::chrono::milliseconds last_retry = 50ms) {
        bus_link_options options;
        options.address = address;
        options.handshake_timeout = handshake_timeout;
        options.first_retry = 10ms;
        options.last_retry = last_retry;
        link = bus_link::start(io.get_executor(), options,
                               {[this](bus_pump& pump) {
                                    CHECK(link->pump().get() == &pump);
                                    ++connected;
                                    on_connected();
                                },
                                [this](const std::string& error, bool was_connected) {
                                    CHECK(link->pump() == nullptr);
                                    losses.push_back({error, was_connected});
                                    on_lost();
                                }});
    }

    /// The loop has nothing left to wait for, and reports nothing more.
    void check_ended() {
        const auto told = losses.size() + static_cast<std::size_t>(connected);
        link->stop();
        io.restart();
        io.run();
        CHECK(losses.size() + static_cast<std::size_t>(connected) == told);
        CHECK(link->pump() == nullptr);
    }
};

} // namespace

TEST_CASE("bus_link: connects, and the unique name is known by then") {
    private_bus broker;
    linked l(broker.address());
    std::string name;
    l.on_connected = [&] {
        l.link->pump()->with_bus([&](sd_bus* bus) {
            const char* unique = nullptr;
            REQUIRE(sd_bus_get_unique_name(bus, &unique) >= 0);
            name = unique;
        });
    };
    CHECK(l.link->pump() == nullptr);
    CHECK(run_until(l.io, [&] { return l.connected > 0; }));
    CHECK(name.substr(0, 1) == ":");
    CHECK(l.losses.empty());
}

TEST_CASE("bus_link: \"system\" and \"session\" are where the environment says") {
    private_bus broker;
    const auto kind = GENERATE(std::string{"system"}, std::string{"session"});
    const char* variable =
        kind == "system" ? "DBUS_SYSTEM_BUS_ADDRESS" : "DBUS_SESSION_BUS_ADDRESS";
    setenv(variable, broker.address().c_str(), 1);
    linked l(kind);
    CHECK(run_until(l.io, [&] { return l.connected > 0; }));
    broker.kill();
    CHECK(run_until(l.io, [&] { return !l.losses.empty(); }));
    unsetenv(variable);
    CHECK_THAT(l.losses.at(0).error, Catch::ContainsSubstring(broker.address()));
}

TEST_CASE(
    "bus_link: a killed broker is a loss reported once, and comes back when the broker does") {
    private_bus broker;
    linked l(broker.address());
    REQUIRE(run_until(l.io, [&] { return l.connected == 1; }));
    CHECK(l.link->pump() != nullptr);

    broker.kill();
    REQUIRE(run_until(l.io, [&] { return l.losses.size() >= 3; }));
    CHECK(l.losses[0].was_connected);
    CHECK(l.losses[0].error ==
          "lost the connection to D-Bus at " + broker.address() + ": Connection reset by peer");
    CHECK_FALSE(l.losses[1].was_connected);
    CHECK(l.losses[1].error ==
          "cannot connect to D-Bus at " + broker.address() + ": Connection refused");
    CHECK_FALSE(l.losses[2].was_connected);
    CHECK(l.connected == 1);

    broker.restart();
    CHECK(run_until(l.io, [&] { return l.connected == 2; }));
    CHECK(l.link->pump() != nullptr);
}

TEST_CASE("bus_link: an absent socket is tried again, and found when it is there") {
    temporary_directory nowhere;
    linked l("unix:path=" + (nowhere.path() / "bus").string());
    REQUIRE(run_until(l.io, [&] { return l.losses.size() == 3; }));
    CHECK(l.losses[0].error ==
          "cannot connect to D-Bus at unix:path=" + (nowhere.path() / "bus").string() +
              ": No such file or directory");
    CHECK_FALSE(l.losses[0].was_connected);

    private_bus broker;
    std::filesystem::create_symlink(broker.address().substr(std::string{"unix:path="}.size()),
                                    nowhere.path() / "bus");
    CHECK(run_until(l.io, [&] { return l.connected == 1; }));
}

TEST_CASE("bus_link: an invalid address is reported, not thrown") {
    linked l("no address");
    CHECK(run_until(l.io, [&] { return l.losses.size() == 2; }));
    CHECK_THAT(l.losses[0].error, Catch::ContainsSubstring("D-Bus at no address: "));
}

TEST_CASE("bus_link: a stuck broker times the handshake out, and the loop goes on meanwhile") {
    private_bus broker;
    broker.stop_process();
    linked l(broker.address(), 100ms);

    // Started by the attempt itself, so each tick shows that a handler ran during the handshake.
    asio::steady_timer ticker(l.io);
    int ticks = 0;
    std::function<void(boost::system::error_code)> tick = [&](boost::system::error_code error) {
        if (error || !l.losses.empty()) {
            return;
        }
        ++ticks;
        ticker.expires_after(1ms);
        ticker.async_wait(tick);
    };
    asio::post(l.io, [&] { tick({}); });

    REQUIRE(run_until(l.io, [&] { return !l.losses.empty(); }));
    CHECK(ticks > 1);
    CHECK(l.losses[0].error ==
          "cannot connect to D-Bus at " + broker.address() + ": no answer within 100ms");
    CHECK(l.connected == 0);

    broker.continue_process();
    CHECK(run_until(l.io, [&] { return l.connected == 1; }));
}

TEST_CASE("bus_link: the handshake's deadline does not end a connection") {
    private_bus broker;
    linked l(broker.address(), 200ms);
    REQUIRE(run_until(l.io, [&] { return l.connected == 1; }));
    const auto before = l.losses.size();
    l.io.run_for(300ms);
    CHECK(l.losses.size() == before);
    CHECK(l.link->pump() != nullptr);
}

TEST_CASE("bus_link: a broker that ends every connection at once is asked ever less often") {
    private_bus broker;
    linked l(broker.address(), 30s, 10s);
    l.on_connected = [&] { l.link->pump()->with_bus([](sd_bus* bus) { sd_bus_close(bus); }); };
    REQUIRE(run_until(l.io, [&] { return l.connected == 2; }));
    // Pauses of at least 20, 40, 80, 160 and 320 ms follow; without growth it would be 30 of 10.
    l.io.run_for(300ms);
    CHECK(l.connected <= 6);
}

TEST_CASE("bus_link: stop() ends it in every state") {
    private_bus broker;

    SECTION("before the first attempt") {
        linked l(broker.address());
        l.check_ended();
        CHECK(l.connected == 0);
    }
    SECTION("during the handshake") {
        broker.stop_process();
        linked l(broker.address());
        l.io.poll();
        l.check_ended();
        broker.continue_process();
    }
    SECTION("while connected") {
        linked l(broker.address());
        REQUIRE(run_until(l.io, [&] { return l.connected == 1; }));
        l.check_ended();
    }
    SECTION("between two attempts") {
        broker.kill();
        linked l(broker.address());
        REQUIRE(run_until(l.io, [&] { return l.losses.size() == 1; }));
        l.check_ended();
    }
    SECTION("in the handler that reports the connection") {
        linked l(broker.address());
        l.on_connected = [&] { l.link->stop(); };
        l.io.run(); // returns by itself
        CHECK(l.connected == 1);
        l.check_ended();
    }
    SECTION("in the handler that reports the loss") {
        broker.kill();
        linked l(broker.address());
        l.on_lost = [&] { l.link->stop(); };
        l.io.run(); // returns by itself
        CHECK(l.losses.size() == 1);
        l.check_ended();
    }
    SECTION("by its destruction, with a loss on its way") {
        linked l(broker.address());
        REQUIRE(run_until(l.io, [&] { return l.connected == 1; }));
        broker.kill();
        l.link.reset();
        l.io.restart();
        l.io.run(); // returns
        CHECK(l.losses.empty());
    }
}
