// SPDX-License-Identifier: MIT
//
// Calls that end before they are done: cancelled, or by the end of their pool or of their loop.
#include "support/catch.hpp"
#include "support/gate.hpp"
#include "support/loop_of.hpp"
#include "support/outcome.hpp"
#include "support/sentinel.hpp"
#include "support/task_names.hpp"

#include <loopmon/offload.hpp>
#include <loopmon/spawn.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

using namespace loopmon::test;
using boost::asio::awaitable;
using boost::asio::bind_executor;
namespace asio = boost::asio;

TEST_CASE("offload: cancellation drops what waits, whose place is free when the queue lets it go") {
    asio::io_context io;
    gate gate;
    loopmon::offload_pool pool(1, 2);
    asio::cancellation_signal cancel;
    const auto first = loopmon::offload(pool, gate.passage(), asio::use_future);
    gate.entered();
    bool ran = false;
    const auto held = std::make_shared<int>();
    std::optional<outcome> result;
    loopmon::offload(
        pool, "dropped", [&ran, held] { ran = true; },
        asio::bind_cancellation_slot(cancel.slot(),
                                     bind_executor(io, [&](const std::exception_ptr& error) {
                                         result = outcome::of(error);
                                     })));
    CHECK(held.use_count() == 2);
    CHECK(pool.admitted() == 2);
    cancel.emit(asio::cancellation_type::total);
    CHECK_FALSE(result); // not inline
    CHECK(held.use_count() == 1);
    CHECK(pool.admitted() == 2); // it is still in the queue
    CHECK_THROWS_AS(task_named(io, "dropped"), std::out_of_range);
    cancel.emit(asio::cancellation_type::total); // once is enough
    io.run();
    REQUIRE(result);
    CHECK(result->aborted);
    gate.open();
    first.wait(); // which has given back its own place
    auto next = loopmon::offload(
        pool, [] { return 1; }, asio::use_future);
    CHECK(next.get() == 1);
    CHECK(pool.admitted() == 0); // the dropped one was before it in the queue
    CHECK_FALSE(ran);
}

TEST_CASE("offload: while all threads are stuck, calls that are cancelled are limited in number") {
    asio::io_context io;
    gate gate;
    constexpr std::size_t limit = 4;
    loopmon::offload_pool pool(1, limit);
    loopmon::offload(pool, gate.passage(), asio::detached);
    gate.entered();
    std::size_t aborted = 0;
    std::size_t refused = 0;
    for (int i = 0; i < 100; ++i) {
        asio::cancellation_signal cancel;
        loopmon::offload(
            pool, [] {},
            asio::bind_cancellation_slot(cancel.slot(),
                                         bind_executor(io, [&](const std::exception_ptr& error) {
                                             const auto result = outcome::of(error);
                                             aborted += result.aborted ? 1 : 0;
                                             refused += result.refused ? 1 : 0;
                                         })));
        cancel.emit(asio::cancellation_type::total);
        io.run();
        io.restart();
    }
    CHECK(aborted == limit - 1); // those that got into the queue
    CHECK(refused == 100 - aborted);
    CHECK(pool.admitted() == limit);
    gate.open();
    while (pool.admitted() > 0) {
        std::this_thread::yield();
    }
}

TEST_CASE("offload: a cancellation that the end of the pool overtakes touches it no more") {
    asio::io_context io;
    // Where a write into the pool would be seen after its end.
    alignas(loopmon::offload_pool) std::array<std::byte, sizeof(loopmon::offload_pool)> memory{};
    auto* const pool = new (memory.data()) loopmon::offload_pool(1, 2);
    gate thread_is_free;
    loopmon::offload(*pool, thread_is_free.passage(), asio::detached);
    thread_is_free.entered();
    gate cancelling;
    asio::cancellation_signal cancel;
    std::optional<outcome> result;
    {
        std::shared_ptr<void> slow_to_drop(
            nullptr, [pass = cancelling.passage()](void*) mutable { pass(); });
        loopmon::offload(
            *pool, [held = std::move(slow_to_drop)] {},
            asio::bind_cancellation_slot(cancel.slot(),
                                         bind_executor(io, [&](const std::exception_ptr& error) {
                                             result = outcome::of(error);
                                         })));
    }
    std::thread canceller([&cancel] { cancel.emit(asio::cancellation_type::total); });
    cancelling.entered(); // it has taken the call, and is about to complete it
    thread_is_free.open();
    pool->~offload_pool();
    constexpr std::byte untouched{0x5a};
    memory.fill(untouched);
    cancelling.open();
    canceller.join();
    CHECK(std::count(memory.begin(), memory.end(), untouched) ==
          static_cast<std::ptrdiff_t>(memory.size()));
    io.run();
    REQUIRE(result);
    CHECK(result->aborted);
}

TEST_CASE("offload: what runs is not interrupted by cancellation") {
    asio::io_context io;
    gate gate;
    loopmon::offload_pool pool(1, 1);
    asio::cancellation_signal cancel;
    std::optional<outcome> result;
    loopmon::offload(pool, gate.passage(),
                     asio::bind_cancellation_slot(
                         cancel.slot(), bind_executor(io, [&](const std::exception_ptr& error) {
                             result = outcome::of(error);
                             CHECK_FALSE(error);
                         })));
    gate.entered();
    cancel.emit(asio::cancellation_type::all);
    CHECK(pool.admitted() == 1);
    gate.open();
    io.run();
    CHECK(result);
    cancel.emit(asio::cancellation_type::all); // long after
}

TEST_CASE("offload: a coroutine that is cancelled gets operation_aborted") {
    asio::io_context io;
    gate gate;
    loopmon::offload_pool pool(1, 2);
    loopmon::offload(pool, gate.passage(), asio::detached);
    gate.entered();
    asio::cancellation_signal cancel;
    bool aborted = false;
    const auto body = [&]() -> awaitable<void> {
        try {
            co_await loopmon::offload(pool, [] {});
        } catch (const boost::system::system_error& error) {
            aborted = error.code() == asio::error::operation_aborted;
        }
    };
    loopmon::spawn(io, "asks", body, asio::bind_cancellation_slot(cancel.slot(), asio::detached));
    io.poll();
    cancel.emit(asio::cancellation_type::terminal);
    io.run();
    gate.open();
    CHECK(aborted);
}

TEST_CASE("offload: the end of the pool waits for what runs, and aborts what does not") {
    asio::io_context io;
    std::optional<outcome> running;
    std::optional<outcome> waiting;
    bool ran = false;
    gate gate;
    std::optional<loopmon::offload_pool> pool(std::in_place, 1, 2);
    loopmon::offload(*pool, gate.passage(),
                     bind_executor(io, [&running](const std::exception_ptr& error) {
                         running = outcome::of(error);
                     }));
    gate.entered();
    loopmon::offload(
        *pool, "waits", [&ran] { ran = true; },
        bind_executor(
            io, [&waiting](const std::exception_ptr& error) { waiting = outcome::of(error); }));
    // Who is first, the gate or the end, decides whether the second one begins. It completes once.
    std::thread opener([&gate] { gate.open(); });
    pool.reset();
    opener.join();
    io.run();
    REQUIRE(running);
    CHECK_FALSE(running->aborted);
    REQUIRE(waiting);
    CHECK(waiting->aborted == !ran);
    CHECK(loopmon::test::state_of(io)->tasks().active() == 0);
}

TEST_CASE("offload: a loop that ends before the result gets to it ends the coroutine, too") {
    auto io = std::make_unique<asio::io_context>();
    std::optional<loopmon::offload_pool> pool(std::in_place, 1, 1);
    bool destroyed = false;
    const auto state = loopmon::test::state_of(*io);
    const auto body = [&pool](std::shared_ptr<void>) -> awaitable<void> {
        co_await loopmon::offload(*pool, [] {});
    };
    loopmon::spawn(*io, "asks", body(sentinel(destroyed)));
    io->poll_one();
    pool.reset();
    CHECK_FALSE(destroyed);
    io.reset();
    CHECK(destroyed);
    CHECK(state->tasks().active() == 0);
}
