// SPDX-License-Identifier: MIT
#include <loopmon/systemd/async_call.hpp>

#include "bus/call_peers.hpp"
#include "support/catch.hpp"
#include "support/run_until.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <systemd/sd-bus.h>

#include <memory>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using loopmon::systemd::async_call;
using loopmon::systemd::call_error;
using loopmon::systemd::message_ptr;
using loopmon::test::call_peers;
using loopmon::test::run_until;
using loopmon::test::text_of;

namespace {

const std::string disconnected = "org.freedesktop.DBus.Error.Disconnected";

} // namespace

TEST_CASE("async_call: completes with the reply, and not before it returned") {
    call_peers p;
    async_call(*p.client, p.message("Echo"), 30s, p.note());
    CHECK(p.completions == 0);
    p.check_completed_once();
    CHECK_FALSE(p.error);
    CHECK(text_of(p.reply) == "hello");
}

TEST_CASE("async_call: the peer's error is passed on") {
    call_peers p;
    auto handler = p.note(); // need not be a temporary
    async_call(*p.client, p.message("Fail"), 30s, handler);
    p.check_failed_once("org.test.Error.No");
    CHECK(p.error.message == "because");
}

TEST_CASE("async_call: of a peer's error no more is kept than people read") {
    call_peers p;
    async_call(*p.client, p.message("Rant"), 30s, p.note());
    p.check_failed_once("org.test.Error.No");
    CHECK(p.error.message.size() == 1024);
    CHECK(p.error.message.substr(1020) == "x...");
}

TEST_CASE("async_call: the timeout completes it on an idle loop") {
    call_peers p;
    async_call(*p.client, p.message("Silent"), 50ms, p.note());
    p.check_failed_once("org.freedesktop.DBus.Error.NoReply");
}

TEST_CASE("async_call: terminal cancellation completes it, and a late reply is dropped") {
    call_peers p;
    asio::cancellation_signal cancel;
    async_call(*p.client, p.message("Late"), 30s,
               asio::bind_cancellation_slot(cancel.slot(), p.note()));
    REQUIRE(run_until(p.io, [&] { return p.late != nullptr; }));

    cancel.emit(asio::cancellation_type::total); // promises what a call cannot keep
    p.io.poll();
    CHECK(p.completions == 0);

    cancel.emit(asio::cancellation_type::terminal);
    CHECK(p.completions == 0); // never from within the cancellation
    p.check_failed_once("System.Error.ECANCELED");

    p.server->with_bus([&](sd_bus*) { sd_bus_reply_method_return(p.late.get(), "s", "late"); });
    p.late.reset();
    async_call(*p.client, p.message("Echo", "next"), 30s, p.note());
    REQUIRE(run_until(p.io, [&] { return p.completions > 1; }));
    CHECK(text_of(p.reply) == "next");
    cancel.emit(asio::cancellation_type::terminal);
    p.io.poll();
    CHECK(p.completions == 2);
}

TEST_CASE("async_call: the deadline of a cancelled call wakes nobody") {
    call_peers p;
    asio::cancellation_signal cancel;
    async_call(*p.client, p.message("Silent"), 50ms,
               asio::bind_cancellation_slot(cancel.slot(), p.note()));
    p.io.poll();
    cancel.emit(asio::cancellation_type::terminal);
    p.check_completed_once();
    p.io.restart();
    CHECK(p.io.run_for(100ms) == 0);
}

TEST_CASE("async_call: cancellation after the reply changes nothing") {
    call_peers p;
    asio::cancellation_signal cancel;
    async_call(*p.client, p.message("Echo"), 30s,
               asio::bind_cancellation_slot(cancel.slot(), p.note()));
    p.check_completed_once();
    cancel.emit(asio::cancellation_type::terminal);
    p.io.poll();
    CHECK(p.completions == 1);
}

TEST_CASE("async_call: the end of the connection completes it") {
    call_peers p;
    async_call(*p.client, p.message("Silent"), 30s, p.note());
    SECTION("lost") {
        p.io.poll();
        p.server->stop();
    }
    SECTION("stopped") {
        p.io.poll();
        p.client->stop();
    }
    SECTION("stopped before it was sent") {
        p.client->stop();
    }
    SECTION("destroyed") {
        p.io.poll();
        p.client.reset();
    }
    SECTION("closed by an error that sd-bus does not report to the calls") {
        p.io.poll();
        p.client->with_bus([](sd_bus* bus) { sd_bus_close(bus); });
    }
    CHECK(p.completions == 0);
    p.check_failed_once(disconnected);
}

TEST_CASE("async_call: on a connection that has ended completes with an error") {
    call_peers p;
    auto message = p.message("Echo");
    SECTION("stopped") {
        p.client->stop();
    }
    SECTION("lost") {
        p.server->stop();
        REQUIRE(run_until(p.io, [&] { return !p.client->running(); }));
    }
    async_call(*p.client, std::move(message), 30s, p.note());
    CHECK(p.completions == 0);
    p.check_failed_once(disconnected);
}

TEST_CASE("async_call: a deferred call whose pump is gone completes with an error") {
    call_peers p;
    auto operation = async_call(*p.client, p.message("Echo"), 30s, asio::deferred);
    p.client.reset();
    std::move(operation)(p.note());
    p.check_failed_once(disconnected);
}

TEST_CASE("async_call: its completion may stop and drop the pump") {
    call_peers p;
    int completions = 0;
    for (int i = 0; i < 3; ++i) {
        async_call(*p.client, p.message("Echo"), 30s, [&](const call_error&, const message_ptr&) {
            ++completions;
            if (p.client) {
                p.client->stop();
            }
            p.client.reset();
        });
    }
    CHECK(run_until(p.io, [&] { return completions == 3; }));
}

TEST_CASE("async_call: completes on the executor of its handler") {
    call_peers p;
    asio::io_context other;
    async_call(*p.client, p.message("Echo"), 30s,
               asio::bind_executor(other.get_executor(), p.note()));
    CHECK(run_until(p.io, [&] { return other.poll() > 0; }));
    CHECK(p.completions == 1);
}

TEST_CASE("async_call: keeps its handler's executor at work until then") {
    call_peers p;
    asio::io_context other;
    async_call(*p.client, p.message("Silent"), 30s,
               asio::bind_executor(other.get_executor(), p.note()));
    other.poll();
    CHECK_FALSE(other.stopped());
    p.client->stop();
    p.io.poll();
    other.run();
    CHECK(p.completions == 1);
}

TEST_CASE("async_call: co_await yields the error and the reply") {
    call_peers p;
    std::string answers;
    const auto ask = [](call_peers& on, std::string& told) -> asio::awaitable<void> {
        auto [error, reply] =
            co_await async_call(*on.client, on.message("Echo", "one"), 30s, asio::use_awaitable);
        told += error.name + text_of(reply);
        auto [again, second] = co_await async_call(*on.client, on.message("Echo", ",two"), 30s,
                                                   asio::as_tuple(asio::use_awaitable));
        told += again.name + text_of(second);
        auto [refused, none] =
            co_await async_call(*on.client, on.message("Fail"), 30s, asio::use_awaitable);
        told += "," + refused.name;
    };
    asio::co_spawn(p.io, ask(p, answers), asio::detached);
    CHECK(run_until(p.io, [&] { return answers == "one,two,org.test.Error.No"; }));
}

TEST_CASE("async_call: a cancelled coroutine gets an error") {
    call_peers p;
    asio::cancellation_signal cancel;
    std::string told;
    const auto ask = [](call_peers& on, std::string& name) -> asio::awaitable<void> {
        auto [error, reply] =
            co_await async_call(*on.client, on.message("Silent"), 30s, asio::use_awaitable);
        name = error.name;
    };
    asio::co_spawn(p.io, ask(p, told), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
    p.io.poll();
    cancel.emit(asio::cancellation_type::terminal);
    CHECK(run_until(p.io, [&] { return !told.empty(); }));
    CHECK(told == "System.Error.ECANCELED");
}

TEST_CASE("async_call: a loop that ends with a call in flight leaks nothing") {
    std::weak_ptr<int> frame; // alive while the coroutine is
    {
        call_peers p;
        const auto ask = [](call_peers& on, std::shared_ptr<int>) -> asio::awaitable<void> {
            co_await async_call(*on.client, on.message("Silent"), 30s, asio::use_awaitable);
        };
        auto held = std::make_shared<int>();
        frame = held;
        asio::co_spawn(p.io, ask(p, std::move(held)), asio::detached);
        p.io.poll();
        CHECK(p.client->running());
        CHECK_FALSE(frame.expired());
    }
    CHECK(frame.expired());
}
