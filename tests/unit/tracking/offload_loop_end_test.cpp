// SPDX-License-Identifier: MIT
//
// Loops that end before the calls that are to complete on them, and before the pool. What is
// touched after the end of its loop, AddressSanitizer reports; and each handler must be gone when
// its loop is.
#include "support/catch.hpp"
#include "support/gate.hpp"
#include "support/sentinel.hpp"

#include <loopmon/offload.hpp>
#include <loopmon/spawn.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

using namespace loopmon::test;
using boost::asio::awaitable;
namespace asio = boost::asio;

namespace {

asio::any_io_executor executor_of(asio::io_context& io, bool strand) {
    return strand ? asio::any_io_executor(asio::make_strand(io)) : io.get_executor();
}

} // namespace

TEST_CASE("offload: a call that waits when its loop ends does not begin, and its handler is gone") {
    const auto strand = GENERATE(false, true);
    gate busy;
    loopmon::offload_pool pool(1, 2);
    loopmon::offload(pool, busy.passage(), asio::detached);
    busy.entered();
    bool ran = false;
    bool completed = false;
    bool handler_gone = false;
    bool function_gone = false;
    {
        asio::io_context io;
        loopmon::offload(
            pool, [&ran, held = sentinel(function_gone)] { ran = true; },
            asio::bind_executor(executor_of(io, strand),
                                [&completed, held = sentinel(handler_gone)](
                                    const std::exception_ptr&) { completed = true; }));
    }
    CHECK(handler_gone);
    CHECK(function_gone);
    CHECK(pool.admitted() == 2);
    busy.open();
    while (pool.admitted() != 0) {
        std::this_thread::yield();
    }
    CHECK_FALSE(ran);
    CHECK_FALSE(completed);
}

TEST_CASE("offload: a call that runs when its loop ends goes on, and does not complete") {
    const auto strand = GENERATE(false, true);
    gate busy;
    std::optional<loopmon::offload_pool> pool(std::in_place, 1, 1);
    bool handler_gone = false;
    bool completed = false;
    {
        asio::io_context io;
        loopmon::offload(*pool, busy.passage(),
                         asio::bind_executor(executor_of(io, strand),
                                             [&completed, held = sentinel(handler_gone)](
                                                 const std::exception_ptr&) { completed = true; }));
        busy.entered();
    }
    CHECK(handler_gone);
    busy.open();
    pool.reset();
    CHECK_FALSE(completed);
}

TEST_CASE("offload: coroutines end with their loop, the pool that one of them owns too") {
    gate busy;
    loopmon::offload_pool pool(1, 1);
    bool destroyed = false;
    bool owned_destroyed = false;
    {
        asio::io_context io;
        const auto body = [&](std::shared_ptr<void>) -> awaitable<void> {
            co_await loopmon::offload(pool, busy.passage());
        };
        const auto owner = [](std::shared_ptr<void>) -> awaitable<void> {
            loopmon::offload_pool own(1, 2);
            gate held;
            loopmon::offload(own, held.passage(), asio::detached);
            held.entered();
            co_await loopmon::offload(own, [] {}); // waits until the frame is destroyed
        };
        loopmon::spawn(io, "asks", body(sentinel(destroyed)));
        loopmon::spawn(io, "owns", owner(sentinel(owned_destroyed)));
        io.poll();
        busy.entered();
    }
    CHECK(destroyed);
    CHECK(owned_destroyed);
    busy.open();
}

TEST_CASE("offload: loops that end while calls complete on them") {
    loopmon::offload_pool pool(2, 64);
    std::atomic<int> handlers{0};
    std::atomic<int> calls{0};
    constexpr int rounds = 300;
    for (int round = 0; round < rounds; ++round) {
        asio::io_context io;
        for (int i = 0; i < 4; ++i) {
            calls.fetch_add(1);
            const std::shared_ptr<void> counted(nullptr, [&handlers](void*) { ++handlers; });
            loopmon::offload(
                pool, [] {},
                asio::bind_executor(executor_of(io, i % 2 == 0),
                                    [counted](const std::exception_ptr&) {}));
        }
        if (round % 2 == 0) {
            io.poll();
        }
    }
    CHECK(handlers == calls); // each is gone with its loop
}
