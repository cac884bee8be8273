// SPDX-License-Identifier: MIT
//
// Each of these is a bug that a published hook-up of sd-bus to an event loop has, or had. Handlers
// are counted by io_context::poll(), which also counts a wake-up that had no handler.
#include <loopmon/systemd/bus_pump.hpp>

#include "support/bus_pair.hpp"
#include "support/catch.hpp"
#include "support/run_until.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include <algorithm>
#include <string>

namespace asio = boost::asio;
using boost::system::error_code;
using loopmon::systemd::bus_ptr;
using loopmon::systemd::bus_pump;
using loopmon::systemd::slot_ptr;
using loopmon::test::bus_pair;
using loopmon::test::run_until;

namespace {

int count_message(sd_bus_message*, void* counter, sd_bus_error*) noexcept {
    ++*static_cast<int*>(counter);
    return 0;
}

int emit(sd_bus* bus, const std::string& text = "") {
    return sd_bus_emit_signal(bus, "/test", "org.test", "Signal", "s", text.c_str());
}

/// A pump on one end; the test holds the other.
struct pumped {
    bus_pair pair;
    bus_ptr peer = std::move(pair.server);
    asio::io_context io;
    int lost = 0;
    int received = 0;
    std::shared_ptr<bus_pump> pump;
    slot_ptr filter;

    pumped() {
        // After it there are no buffers that take more than a few messages.
        pump = bus_pump::start(io.get_executor(), std::move(pair.client),
                               [this](error_code) { ++lost; });
        pump->with_bus([this](sd_bus* bus) {
            sd_bus_slot* slot = nullptr;
            REQUIRE(sd_bus_add_filter(bus, &slot, &count_message, &received) >= 0);
            filter.reset(slot);
        });
        flush();
    }

    /// Runs what is ready, until there is nothing. @return the number of handlers and wake-ups
    std::size_t flush() {
        std::size_t handlers = 0;
        while (const std::size_t ran = io.poll()) {
            handlers += ran;
        }
        return handlers;
    }

    std::uint64_t backlog() {
        return pump->with_bus([](sd_bus* bus) {
            std::uint64_t queued = 0;
            REQUIRE(sd_bus_get_n_queued_write(bus, &queued) >= 0);
            return queued;
        });
    }

    void shrink_buffers() {
        pump->with_bus([](sd_bus* bus) {
            const int size = 4096;
            REQUIRE(setsockopt(sd_bus_get_fd(bus), SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0);
        });
    }

    /// Sends from outside of sd_bus_process() until the socket takes no more.
    int send_until_blocked() {
        int sent = 0;
        while (backlog() < 10) {
            pump->with_bus([](sd_bus* bus) { REQUIRE(emit(bus, std::string(500, 'x')) >= 0); });
            ++sent;
        }
        return sent;
    }

    int drain_peer() {
        int messages = 0;
        sd_bus_message* raw = nullptr;
        while (sd_bus_process(peer.get(), &raw) > 0) {
            if (raw != nullptr) {
                ++messages;
                sd_bus_message_unref(raw);
            }
        }
        return messages;
    }

    void backpressure_episode() {
        const int sent = send_until_blocked();
        int drained = 0;
        REQUIRE(run_until(io, [&] { return (drained += drain_peer()) == sent; }));
        flush();
    }

    std::size_t handlers_per_signal() {
        const int before = received;
        REQUIRE(emit(peer.get()) >= 0);
        const std::size_t handlers = flush();
        REQUIRE(received == before + 1);
        return handlers;
    }
};

} // namespace

TEST_CASE("bus_pump: an idle loop makes no turns") {
    pumped p;
    CHECK(p.io.run_for(std::chrono::milliseconds{300}) == 0);
    CHECK(p.lost == 0);
}

TEST_CASE("bus_pump: the timeout of an asynchronous call fires on an idle loop") {
    pumped p;
    int timed_out = 0;
    slot_ptr timed;
    p.pump->with_bus([&](sd_bus* bus) {
        sd_bus_message* raw = nullptr;
        REQUIRE(sd_bus_message_new_method_call(bus, &raw, nullptr, "/", "org.test", "Silent") >= 0);
        const loopmon::systemd::message_ptr message{raw};
        sd_bus_slot* slot = nullptr;
        REQUIRE(sd_bus_call_async(bus, &slot, raw, &count_message, &timed_out, 50'000) >= 0);
        timed.reset(slot);
    });
    CHECK(run_until(p.io, [&] { return timed_out > 0; }));
    CHECK(timed_out == 1);
}

TEST_CASE("bus_pump: a backlog drains with nothing inbound") {
    pumped p;
    p.shrink_buffers();
    const int sent = p.send_until_blocked();
    p.flush();
    REQUIRE(p.backlog() > 0);

    int drained = 0;
    CHECK(run_until(p.io, [&] { return (drained += p.drain_peer()) == sent; }));
    CHECK(p.backlog() == 0);
}

TEST_CASE("bus_pump: backpressure leaves no wait behind") {
    pumped p;
    p.shrink_buffers();
    const std::size_t before = p.handlers_per_signal();
    for (int episode = 0; episode < 6; ++episode) {
        p.backpressure_episode();
    }
    CHECK(p.handlers_per_signal() == before);
}

TEST_CASE("bus_pump: the peer's reading wakes nobody once a backlog is gone") {
    pumped p;
    p.shrink_buffers();
    p.backpressure_episode();
    p.pump->with_bus([](sd_bus* bus) { REQUIRE(emit(bus) >= 0); });
    p.flush();
    REQUIRE(p.drain_peer() == 1);
    CHECK(p.io.run_for(std::chrono::milliseconds{50}) == 0);
}

TEST_CASE("bus_pump: a flood leaves a turn to others after every 16 messages") {
    pumped p;
    constexpr int flood = 160;
    for (int i = 0; i < flood; ++i) {
        REQUIRE(emit(p.peer.get()) >= 0);
    }
    std::uint64_t waiting = 0;
    REQUIRE(sd_bus_get_n_queued_write(p.peer.get(), &waiting) >= 0);
    REQUIRE(waiting == 0);

    int seen = 0;
    int longest = 0;
    while (p.received < flood) {
        bool ran = false;
        asio::post(p.io, [&] {
            longest = std::max(longest, p.received - std::exchange(seen, p.received));
            ran = true;
        });
        REQUIRE(run_until(p.io, [&] { return ran; }));
    }
    longest = std::max(longest, p.received - seen);
    CHECK(longest <= 16);
    CHECK(p.received == flood);
}

TEST_CASE("bus_pump: may be destroyed with handlers queued") {
    asio::io_context io;
    bus_pair pair;
    int received = 0;
    int told = 0;
    std::shared_ptr<bus_pump> pump;
    slot_ptr filter;
    const auto begin = [&] {
        pump = bus_pump::start(
            io.get_executor(), std::move(pair.client), [&](error_code) { ++told; },
            [&] { ++told; });
        pump->with_bus([&](sd_bus* bus) {
            sd_bus_slot* slot = nullptr;
            REQUIRE(sd_bus_add_filter(bus, &slot, &count_message, &received) >= 0);
            filter.reset(slot);
        });
        REQUIRE(emit(pair.server.get()) >= 0);
    };

    SECTION("before the loop ran at all") {
        begin();
        pump.reset();
    }
    SECTION("by a handler that runs before them") {
        asio::post(io, [&] { pump.reset(); });
        begin();
    }
    SECTION("by a handler, after it was stopped") {
        asio::post(io, [&] {
            pump->stop();
            pump->stop();
            asio::post(io, [&] { pump.reset(); });
        });
        begin();
    }
    io.run(); // returns: nothing is left that it waits for
    CHECK(received == 0);
    CHECK(told == 0);
}

TEST_CASE("bus_pump: may be stopped and dropped from within a callback of sd-bus") {
    pumped p;
    slot_ptr filter;
    p.pump->with_bus([&](sd_bus* bus) {
        sd_bus_slot* slot = nullptr;
        const auto drop = [](sd_bus_message*, void* userdata, sd_bus_error*) noexcept {
            auto& pump = *static_cast<std::shared_ptr<bus_pump>*>(userdata);
            pump->with_bus([&](sd_bus*) {
                pump->stop();
                pump.reset();
            });
            return 0;
        };
        REQUIRE(sd_bus_add_filter(bus, &slot, drop, &p.pump) >= 0);
        filter.reset(slot);
    });
    REQUIRE(emit(p.peer.get()) >= 0);
    p.io.run();
    CHECK(p.pump == nullptr);
    CHECK(p.lost == 0);
}

TEST_CASE("bus_pump: stop() is seen by the peer at once") {
    pumped p;
    p.pump->stop();
    CHECK_FALSE(p.pump->running());
    int r = 0;
    CHECK(run_until(p.io, [&] { return (r = sd_bus_process(p.peer.get(), nullptr)) < 0; }));
    CHECK(r == -ECONNRESET);
}

TEST_CASE("bus_pump: a connection that is closed already is reported at the start") {
    asio::io_context io;
    bus_pair pair;
    sd_bus_close(pair.client.get());
    CHECK_THROWS_AS(bus_pump::start(io.get_executor(), std::move(pair.client), {}),
                    boost::system::system_error);
}

TEST_CASE("bus_pump: an error outside of a turn is reported later, once") {
    pumped p;
    p.pump->with_bus([](sd_bus* bus) { sd_bus_close(bus); });
    CHECK(p.lost == 0); // never from within the caller's own call
    p.io.restart();
    p.io.run();
    CHECK(p.lost == 1);
    CHECK(p.pump->with_bus([](sd_bus* bus) { return emit(bus); }) == -ENOTCONN);
    p.pump->stop();
    p.io.restart();
    p.io.run();
    CHECK(p.lost == 1);
}
