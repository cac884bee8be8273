// SPDX-License-Identifier: MIT
#include "bus/bus_connection.hpp"

#include "support/catch.hpp"
#include "support/private_bus.hpp"
#include "support/temporary_directory.hpp"

#include <systemd/sd-bus.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using loopmon::bus::bus_connection;
using loopmon::test::private_bus;
using loopmon::test::temporary_directory;

namespace {

using clock = std::chrono::steady_clock;

/// A connection on a loop of its own, and what it reported.
struct connected_loop {
    loopmon::systemd::event_ptr event;
    int n_connected = 0;
    std::vector<std::string> losses;
    std::optional<bus_connection> connection;

    /// Called after the event was noted.
    std::function<void()> on_connected = [] {};
    std::function<void()> on_lost = [] {};

    explicit connected_loop(const std::string& address,
                            std::chrono::milliseconds handshake_timeout = 30s,
                            std::chrono::milliseconds last_retry = 50ms) {
        sd_event* made = nullptr;
        REQUIRE(sd_event_new(&made) >= 0);
        event.reset(made);
        connection.emplace(made,
                           loopmon::bus::connection_options{.address = address,
                                                            .handshake_timeout = handshake_timeout,
                                                            .first_retry = 10ms,
                                                            .last_retry = last_retry},
                           bus_connection::handlers{.connected =
                                                        [this](sd_bus* bus) {
                                                            CHECK(connection->bus() == bus);
                                                            ++n_connected;
                                                            on_connected();
                                                        },
                                                    .lost =
                                                        [this](const std::string& error) {
                                                            CHECK(connection->bus() == nullptr);
                                                            losses.push_back(error);
                                                            on_lost();
                                                        }});
    }

    /// One turn of the loop, which waits for 10 ms at most.
    void turn() const { REQUIRE(sd_event_run(event.get(), 10'000) >= 0); }

    /// @return false after half a minute
    template <class Condition>
    bool run_until(const Condition& holds) const {
        const auto end = clock::now() + 30s;
        while (!holds() && clock::now() < end) {
            turn();
        }
        return holds();
    }

    void run_for(std::chrono::milliseconds length) const {
        const auto end = clock::now() + length;
        while (clock::now() < end) {
            turn();
        }
    }

    /// Nothing is reported any more.
    void check_ended() {
        const auto reported = losses.size() + static_cast<std::size_t>(n_connected);
        connection->stop();
        CHECK(connection->bus() == nullptr);
        run_for(60ms); // longer than the longest pause before an attempt
        CHECK(losses.size() + static_cast<std::size_t>(n_connected) == reported);
    }
};

} // namespace

TEST_CASE("bus_connection: connects, and the unique name is known by then") {
    private_bus broker;
    connected_loop l(broker.address());
    std::string name;
    l.on_connected = [&] {
        const char* unique = nullptr;
        REQUIRE(sd_bus_get_unique_name(l.connection->bus(), &unique) >= 0);
        name = unique;
    };
    CHECK(l.connection->bus() == nullptr);
    CHECK(l.run_until([&] { return l.n_connected > 0; }));
    CHECK(name.substr(0, 1) == ":");
    CHECK(l.losses.empty());
}

TEST_CASE("bus_connection: a killed broker is one loss, and comes back when the broker does") {
    private_bus broker;
    connected_loop l(broker.address());
    REQUIRE(l.run_until([&] { return l.n_connected == 1; }));
    CHECK(l.connection->bus() != nullptr);

    broker.kill();
    REQUIRE(l.run_until([&] { return l.losses.size() >= 3; }));
    CHECK(l.losses[0] == "lost the connection to D-Bus at " + broker.address() +
                             ": the broker closed the connection");
    CHECK(l.losses[1] == "cannot connect to D-Bus at " + broker.address() + ": Connection refused");
    CHECK(l.losses[2] == l.losses[1]);
    CHECK(l.n_connected == 1);

    broker.restart();
    CHECK(l.run_until([&] { return l.n_connected == 2; }));
    CHECK(l.connection->bus() != nullptr);
}

TEST_CASE("bus_connection: an absent socket is tried again, and found when it is there") {
    temporary_directory nowhere;
    const auto address = "unix:path=" + (nowhere.path() / "bus").string();
    connected_loop l(address);
    REQUIRE(l.run_until([&] { return l.losses.size() == 3; }));
    CHECK(l.losses[0] == "cannot connect to D-Bus at " + address + ": No such file or directory");

    private_bus broker;
    std::filesystem::create_symlink(broker.address().substr(std::string{"unix:path="}.size()),
                                    nowhere.path() / "bus");
    CHECK(l.run_until([&] { return l.n_connected == 1; }));
}

TEST_CASE("bus_connection: an invalid address is reported, not thrown") {
    connected_loop l("no address");
    CHECK(l.run_until([&] { return l.losses.size() == 2; }));
    CHECK_THAT(l.losses[0], Catch::ContainsSubstring("D-Bus at no address: "));
}

TEST_CASE("bus_connection: a stuck broker times the handshake out, and the loop goes on") {
    private_bus broker;
    broker.stop_process();
    connected_loop l(broker.address(), 100ms);
    int turns = 0;
    REQUIRE(l.run_until([&] {
        ++turns;
        return !l.losses.empty();
    }));
    CHECK(turns > 2); // each waits for 10 ms at most
    CHECK(l.losses[0] ==
          "cannot connect to D-Bus at " + broker.address() + ": no answer within 100ms");
    CHECK(l.n_connected == 0);

    broker.continue_process();
    CHECK(l.run_until([&] { return l.n_connected == 1; }));
}

TEST_CASE("bus_connection: the handshake's deadline does not end a connection") {
    private_bus broker;
    connected_loop l(broker.address(), 200ms);
    REQUIRE(l.run_until([&] { return l.n_connected == 1; }));
    const auto before = l.losses.size();
    l.run_for(300ms);
    CHECK(l.losses.size() == before);
    CHECK(l.connection->bus() != nullptr);
}

TEST_CASE("bus_connection: a broker that ends every connection at once is asked ever less often") {
    private_bus broker;
    connected_loop l(broker.address(), 30s, 10s);
    l.on_connected = [&] { sd_bus_close(l.connection->bus()); };
    REQUIRE(l.run_until([&] { return l.n_connected == 2; }));
    // Pauses of at least 20, 40, 80, 160 and 320 ms follow; without growth it would be 30 of 10.
    l.run_for(300ms);
    CHECK(l.n_connected <= 6);
}

TEST_CASE("bus_connection: stop() ends it in every state") {
    private_bus broker;

    SECTION("before the first attempt") {
        connected_loop l(broker.address());
        l.check_ended();
        CHECK(l.n_connected == 0);
    }
    SECTION("during the handshake") {
        broker.stop_process();
        connected_loop l(broker.address());
        l.turn();
        l.check_ended();
        broker.continue_process();
    }
    SECTION("while connected") {
        connected_loop l(broker.address());
        REQUIRE(l.run_until([&] { return l.n_connected == 1; }));
        l.check_ended();
    }
    SECTION("between two attempts") {
        broker.kill();
        connected_loop l(broker.address());
        REQUIRE(l.run_until([&] { return l.losses.size() == 1; }));
        l.check_ended();
    }
    SECTION("in the handler of the connection") {
        connected_loop l(broker.address());
        l.on_connected = [&] { l.connection->stop(); };
        REQUIRE(l.run_until([&] { return l.n_connected == 1; }));
        l.check_ended();
    }
    SECTION("in the handler of the loss") {
        broker.kill();
        connected_loop l(broker.address());
        l.on_lost = [&] { l.connection->stop(); };
        REQUIRE(l.run_until([&] { return l.losses.size() == 1; }));
        l.check_ended();
    }
    SECTION("by its destruction, with a loss on its way") {
        connected_loop l(broker.address());
        REQUIRE(l.run_until([&] { return l.n_connected == 1; }));
        broker.kill();
        l.connection.reset();
        l.run_for(20ms);
        CHECK(l.losses.empty());
    }
}
