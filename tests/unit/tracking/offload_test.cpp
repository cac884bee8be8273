// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/gate.hpp"
#include "support/loop_of.hpp"
#include "support/outcome.hpp"
#include "support/task_names.hpp"

#include <loopmon/offload.hpp>
#include <loopmon/spawn.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace loopmon::test;
using boost::asio::awaitable;
using boost::asio::bind_executor;
using boost::asio::use_awaitable;
namespace asio = boost::asio;

TEST_CASE("offload: runs on the pool, resumes on the loop, and brings the result") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 1);
    const auto loop = std::this_thread::get_id();
    int result = 0;
    loopmon::spawn(io, "asks", [&]() -> awaitable<void> {
        std::thread::id worker;
        const auto work = [&worker] {
            worker = std::this_thread::get_id();
            return 42;
        };
        result = co_await loopmon::offload(pool, "work", work, use_awaitable);
        CHECK(worker != loop);
        CHECK(worker != std::thread::id());
        CHECK(std::this_thread::get_id() == loop);
    });
    io.run();
    CHECK(result == 42);
    CHECK(pool.admitted() == 0);
}

TEST_CASE("offload: needs neither name nor token, and takes what cannot be copied, both ways") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 1);
    std::unique_ptr<int> result;
    loopmon::spawn(io, "asks", [&]() -> awaitable<void> {
        auto work = [number = std::make_unique<int>(42)]() mutable { return std::move(number); };
        result = co_await loopmon::offload(pool, std::move(work));
        co_await loopmon::offload(pool, [] {});
    });
    io.run();
    REQUIRE(result);
    CHECK(*result == 42);
}

TEST_CASE("offload: an exception reaches the one who asked") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 2);
    std::string caught;
    loopmon::spawn(io, "asks", [&]() -> awaitable<void> {
        try {
            co_await loopmon::offload(pool, [] { throw std::runtime_error("as planned"); });
        } catch (const std::runtime_error& error) {
            caught = error.what();
        }
    });
    std::string told;
    loopmon::offload(
        pool, []() -> int { throw std::runtime_error("as well"); },
        bind_executor(
            io, [&told](const std::exception_ptr& error, int) { told = outcome::of(error).what; }));
    io.run();
    CHECK(caught == "as planned");
    CHECK(told == "as well");
}

TEST_CASE("offload: works with callbacks, futures, and with nobody who waits") {
    asio::io_context io;
    std::atomic<bool> ran{false};
    {
        loopmon::offload_pool pool(2, 3);
        std::optional<int> called;
        loopmon::offload(
            pool, "callback", [] { return 1; },
            bind_executor(io, [&called](const std::exception_ptr& error, int n) {
                CHECK_FALSE(error);
                called = n;
            }));
        auto future = loopmon::offload(
            pool, "future", [] { return 2; }, asio::use_future);
        loopmon::offload(
            pool, "detached", [&ran] { ran = true; }, asio::detached);
        io.run(); // which waits for the callback
        CHECK(called == 1);
        CHECK(future.get() == 2);
        while (pool.admitted() > 0) {
            std::this_thread::yield();
        }
    }
    CHECK(ran);
}

TEST_CASE("offload: completes on the strand that the handler is bound to") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 1);
    const auto strand = asio::make_strand(io);
    bool on_strand = false;
    loopmon::offload(
        pool, [] {}, bind_executor(strand, [&](const std::exception_ptr&) {
            on_strand = strand.running_in_this_thread();
        }));
    io.run();
    CHECK(on_strand);
}

TEST_CASE("offload: is a task of the loop it resumes on, until it is done") {
    asio::io_context io;
    gate gate;
    loopmon::offload_pool pool(1, 1);
    const loopmon::task parent(io, "parent");
    const auto line = __LINE__ + 3;
    {
        const auto working = parent.enter();
        loopmon::offload(pool, "decode", gate.passage(),
                         bind_executor(io, [&](const std::exception_ptr&) {
                             CHECK_THROWS_AS(task_named(io, "decode"), std::out_of_range);
                             CHECK(pool.admitted() == 0);
                         }));
    }
    gate.entered();
    const auto shown = task_named(io, "decode");
    CHECK(shown.offloaded);
    CHECK(shown.parent == task_named(io, "parent").id);
    CHECK_THAT(shown.file, Catch::ContainsSubstring("offload_test.cpp"));
    CHECK(shown.line >= static_cast<std::uint32_t>(line)); // clang: where the arguments end
    CHECK(shown.began <= std::chrono::steady_clock::now());
    CHECK(pool.admitted() == 1);
    gate.open();
    io.run();
}

TEST_CASE("offload: what runs, and what it starts, belongs to its task") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 1);
    std::string name;
    std::uint64_t parent = 0;
    loopmon::offload(
        pool, "decode",
        [&] {
            name = current_task_name();
            const loopmon::task child(io, "child");
            parent = task_named(io, "child").parent;
            return task_named(io, "decode").id;
        },
        bind_executor(io,
                      [&](const std::exception_ptr&, std::uint64_t id) { CHECK(parent == id); }));
    io.run();
    CHECK(name == "decode");
    CHECK(parent != 0);
}

TEST_CASE("offload: one more than the limit is refused, without waiting and not inline") {
    asio::io_context io;
    gate gate;
    loopmon::offload_pool pool(1, 2);
    std::vector<int> completed;
    const auto note = [&](int which, bool refused) {
        return bind_executor(io, [&completed, which, refused](const std::exception_ptr& error) {
            CHECK(outcome::of(error).refused == refused);
            completed.push_back(which);
        });
    };
    bool ran = false;
    loopmon::offload(pool, gate.passage(), note(1, false));
    gate.entered();
    loopmon::offload(
        pool, [] {}, note(2, false));
    CHECK(pool.admitted() == 2);
    loopmon::offload(
        pool, [&ran] { ran = true; }, note(3, true));
    CHECK(pool.admitted() == 2);
    CHECK(completed.empty());
    CHECK(loopmon::test::state_of(io)->tasks().active() == 2);
    io.run_one();
    CHECK(completed == std::vector{3});
    gate.open();
    io.run();
    CHECK(completed == std::vector{3, 1, 2});
    CHECK_FALSE(ran);
    loopmon::offload(
        pool, [&ran] { ran = true; }, note(4, false)); // there is room again
    io.restart();
    io.run();
    CHECK(ran);
}

TEST_CASE("offload: a pool with the limit zero refuses everything") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 0);
    bool refused = false;
    loopmon::offload(
        pool, [] { return 1; }, bind_executor(io, [&refused](const std::exception_ptr& error, int) {
            refused = outcome::of(error).refused;
        }));
    io.run();
    CHECK(refused);
}

TEST_CASE("offload: many threads ask, each call completes once, and the limit holds") {
    asio::io_context io;
    constexpr int calls = 300;
    int completed = 0;
    int refused = 0;
    int aborted = 0;
    std::atomic<int> ran{0};
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    {
        loopmon::offload_pool pool(3, 8);
        for (int i = 0; i < calls; ++i) {
            loopmon::spawn(io, "asks", [&]() -> awaitable<void> {
                const auto work = [&] {
                    const int now = ++running;
                    int seen = most;
                    while (seen < now && !most.compare_exchange_weak(seen, now)) {
                    }
                    ++ran;
                    --running;
                };
                try {
                    co_await loopmon::offload(pool, work);
                } catch (const boost::system::system_error&) {
                    ++aborted;
                } catch (const std::system_error&) {
                    ++refused;
                }
                ++completed;
            });
        }
        io.run();
        CHECK(pool.admitted() == 0);
    }
    CHECK(completed == calls);
    CHECK(ran + refused == calls);
    CHECK(aborted == 0);
    CHECK(most <= 3);
}
