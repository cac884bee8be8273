// SPDX-License-Identifier: MIT
//
// What only a broker shows: the handshake, synchronous calls, and the end of it.
#include <loopmon/systemd/bus_pump.hpp>

#include "support/catch.hpp"
#include "support/private_bus.hpp"
#include "support/run_until.hpp"
#include <loopmon/systemd/detail/open_bus.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <poll.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace asio = boost::asio;
using boost::system::error_code;
using loopmon::systemd::bus_ptr;
using loopmon::systemd::bus_pump;
using loopmon::systemd::open_bus;
using loopmon::systemd::slot_ptr;
using loopmon::test::private_bus;
using loopmon::test::run_until;

namespace {

int count_message(sd_bus_message*, void* counter, sd_bus_error*) noexcept {
    ++*static_cast<int*>(counter);
    return 0;
}

bus_ptr open(const std::string& address) {
    bus_ptr bus;
    REQUIRE(open_bus(address, "test", bus) == 0);
    return bus;
}

struct connection {
    asio::io_context io;
    int ready = 0;
    int lost = 0;
    error_code reason;
    std::shared_ptr<bus_pump> pump;

    explicit connection(const std::string& address) {
        pump = bus_pump::start(
            io.get_executor(), open(address),
            [this](error_code error) {
                ++lost;
                reason = error;
            },
            [this] { ++ready; });
        CHECK(ready == 0);
        REQUIRE(run_until(io, [this] { return ready > 0 || lost > 0; }));
        REQUIRE(lost == 0);
    }
};

struct descriptors {
    int all = 0;
    int sockets = 0;
};

descriptors open_descriptors() {
    descriptors found;
    for (const auto& fd : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        ++found.all;
        std::error_code gone; // the one of this very iteration
        found.sockets += std::filesystem::is_socket(fd.path(), gone) ? 1 : 0;
    }
    return found;
}

/// A TCP port of this machine, and its D-Bus address.
struct port {
    asio::io_context io;
    asio::ip::tcp::acceptor listener{io, {asio::ip::address_v4::loopback(), 0}};
    std::string address =
        "tcp:family=ipv4,host=127.0.0.1,port=" + std::to_string(listener.local_endpoint().port());
};

/// Refuses connections: it was listened to a moment ago.
struct refusing_port : port {
    refusing_port() { listener.close(); }
};

/// Leaves connections hanging: nobody accepts them, and no more fit in the queue.
struct hanging_port : port {
    std::vector<asio::ip::tcp::socket> queue;
    hanging_port() {
        listener.listen(0);
        for (int i = 0; i < 4; ++i) {
            queue.emplace_back(io).async_connect(listener.local_endpoint(), [](error_code) {});
            io.poll();
        }
    }
};

} // namespace

TEST_CASE("bus_pump: drives the handshake, and reports once when it is done") {
    private_bus broker;
    connection c(broker.address());
    const char* name = nullptr;
    c.pump->with_bus([&](sd_bus* bus) { REQUIRE(sd_bus_get_unique_name(bus, &name) >= 0); });
    CHECK(std::string(name).substr(0, 1) == ":");
    const auto idle = [&] { return c.io.run_for(std::chrono::milliseconds{50}) == 0; };
    CHECK(run_until(c.io, idle)); // the broker still sends NameAcquired
    CHECK(c.ready == 1);
}

TEST_CASE("bus_pump: a signal that a synchronous call read early is delivered") {
    private_bus broker;
    connection c(broker.address());
    int signals = 0;
    slot_ptr match;
    c.pump->with_bus([&](sd_bus* bus) {
        sd_bus_slot* slot = nullptr;
        REQUIRE(sd_bus_match_signal(bus, &slot, nullptr, "/test", "org.test", "Signal",
                                    &count_message, &signals) >= 0);
        match.reset(slot);
    });
    c.io.poll();

    // The broker sends our own signal back before it answers the call, so the call reads both.
    c.pump->with_bus([](sd_bus* bus) {
        REQUIRE(sd_bus_emit_signal(bus, "/test", "org.test", "Signal", "") >= 0);
        REQUIRE(sd_bus_call_method(bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                                   "GetId", nullptr, nullptr, "") >= 0);
        std::uint64_t queued = 0;
        REQUIRE(sd_bus_get_n_queued_read(bus, &queued) >= 0);
        REQUIRE(queued > 0);
    });
    CHECK(run_until(c.io, [&] { return signals > 0; }));
}

TEST_CASE("bus_pump: a killed broker is reported once, thrown never, and leaves no descriptor") {
    private_bus broker;
    asio::io_context io;
    const asio::posix::stream_descriptor unused(io); // asio opens its own at the first use
    const auto before = open_descriptors();
    int lost = 0;
    error_code reason;
    auto pump = bus_pump::start(io.get_executor(), open(broker.address()), [&](error_code error) {
        ++lost;
        reason = error;
    });
    REQUIRE(run_until(
        io, [&] { return pump->with_bus([](sd_bus* bus) { return sd_bus_is_ready(bus) > 0; }); }));
    // sd-bus's and the duplicate. (Beside its socket, libsystemd 257 keeps a pidfd of the peer
    // until the connection is freed.)
    REQUIRE(open_descriptors().sockets == before.sockets + 2);

    broker.kill();
    io.restart();
    CHECK_NOTHROW(io.run()); // returns: after a loss there is nothing to wait for
    CHECK(lost == 1);
    CHECK(reason == boost::system::errc::connection_reset);
    CHECK_FALSE(pump->running());
    CHECK(open_descriptors().sockets == before.sockets);
    pump.reset();
    CHECK(open_descriptors().all == before.all);
}

TEST_CASE("bus_pump: a descriptor number used again after a loss is left alone") {
    private_bus broker;
    connection c(broker.address());
    const int number = c.pump->with_bus([](sd_bus* bus) { return sd_bus_get_fd(bus); });
    broker.kill();
    REQUIRE(run_until(c.io, [&] { return c.lost > 0; }));
    REQUIRE(fcntl(number, F_GETFD) == -1);

    // Somebody else's pipe gets the number, and waits on the same loop, when the pump goes.
    int pipe[2];
    REQUIRE(pipe2(pipe, O_CLOEXEC) == 0);
    if (pipe[0] != number) {
        REQUIRE(pipe[1] != number);
        REQUIRE(dup3(pipe[0], number, O_CLOEXEC) == number);
        close(pipe[0]);
    }
    asio::posix::stream_descriptor reader(c.io, number);
    asio::posix::stream_descriptor writer(c.io, pipe[1]);
    bool readable = false;
    reader.async_wait(reader.wait_read, [&](error_code error) { readable = !error; });
    c.io.poll();
    c.pump->stop();
    c.pump.reset();

    asio::write(writer, asio::buffer("x", 1));
    CHECK(run_until(c.io, [&] { return readable; }));
}

TEST_CASE("bus_pump: a descriptor number used again during the handshake is noticed") {
    private_bus broker;
    refusing_port refusing;
    hanging_port hanging;
    asio::io_context io;
    int ready = 0;
    const auto begin = [&](const std::string& addresses) {
        bus_ptr bus = open(addresses);
        REQUIRE(sd_bus_get_events(bus.get()) == POLLOUT); // the refusal is still under way
        return bus_pump::start(io.get_executor(), std::move(bus), {}, [&] { ++ready; });
    };
    const auto number = [](sd_bus* bus) { return sd_bus_get_fd(bus); };

    SECTION("the next address answers") {
        const auto pump = begin(refusing.address + ";" + broker.address());
        const int first = pump->with_bus(number);
        CHECK(run_until(io, [&] { return ready > 0; }));
        REQUIRE(pump->with_bus(number) == first);
    }
    SECTION("the next address does not: the first one's end must not wake us for ever") {
        const auto pump = begin(refusing.address + ";" + hanging.address);
        const int first = pump->with_bus(number);
        CHECK(run_until(
            io, [&] { return io.run_for(std::chrono::milliseconds{50}) == 0; },
            std::chrono::seconds{2}));
        REQUIRE(pump->running());
        REQUIRE(pump->with_bus(number) == first);
    }
}

TEST_CASE("bus_pump: a stuck broker does not hold up the end") {
    private_bus broker;
    connection c(broker.address());
    broker.stop_process();
    c.pump->with_bus([](sd_bus* bus) {
        REQUIRE(sd_bus_emit_signal(bus, "/test", "org.test", "Signal", "") >= 0);
    });
    c.pump->stop();
    c.io.restart();
    c.io.run(); // returns
    CHECK(c.lost == 0);
}
