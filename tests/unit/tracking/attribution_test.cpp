// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/task_names.hpp"

#include <loopmon/spawn.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/coroutine.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>

using namespace loopmon::test;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;
using local = asio::local::stream_protocol;

/// Whether the code that calls it belongs to another task than `name`.
int strays(std::string_view name) {
    return current_task_name() == name ? 0 : 1;
}

/// A loop with two tasks that do the same, so that the handlers of one come between those of the
/// other.
struct two_tasks {
    asio::io_context io;
    int wrong = 0; ///< times that code belonged to another task than it should
    int completed = 0;

    /// Called by code of the task `name`.
    void expect_task(std::string_view name) { wrong += strays(name); }

    /// A coroutine of the task `name`, or one that is to be spawned as such.
    awaitable<void> part(std::string name) {
        expect_task(name);
        co_await asio::post(use_awaitable);
        expect_task(name);
        ++completed;
    }

    template <class Body>
    void run(Body body) {
        loopmon::spawn(io, "one", body("one"));
        loopmon::spawn(io, "two", body("two"));
        CHECK(current_task_name().empty());
        io.run();
        CHECK(current_task_name().empty());
        CHECK(wrong == 0);
    }
};

} // namespace

TEST_CASE("attribution: a coroutine is its task, from its first line, posts and timers later") {
    two_tasks tasks;
    tasks.run([&](const char* name) -> awaitable<void> {
        tasks.expect_task(name);
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (int i = 0; i < 3; ++i) {
            co_await asio::post(use_awaitable);
            tasks.expect_task(name);
            timer.expires_at(clock::time_point::min());
            co_await timer.async_wait(use_awaitable);
            tasks.expect_task(name);
            ++tasks.completed;
        }
    });
    CHECK(tasks.completed == 6);
}

TEST_CASE("attribution: through a callback, and what it starts in its turn") {
    two_tasks tasks;
    asio::steady_timer one(tasks.io, clock::time_point::min());
    asio::steady_timer two(tasks.io, clock::time_point::min());
    tasks.run([&](std::string name) -> awaitable<void> {
        auto& timer = name == "one" ? one : two;
        timer.async_wait([&, name](boost::system::error_code) {
            tasks.expect_task(name);
            asio::post(tasks.io, [&, name] {
                tasks.expect_task(name);
                ++tasks.completed;
            });
        });
        for (int i = 0; i < 5; ++i) { // and lives for as long
            co_await asio::post(use_awaitable);
        }
        timer.async_wait([&](boost::system::error_code) { tasks.expect_task(""); }); // it is over
    });
    CHECK(tasks.completed == 2);
}

TEST_CASE("attribution: through sockets and composed operations") {
    two_tasks tasks;
    local::socket left(tasks.io);
    local::socket right(tasks.io);
    asio::local::connect_pair(left, right);
    std::array<char, 100> received{};
    tasks.run([&](std::string_view name) -> awaitable<void> {
        if (name == "one") {
            for (int i = 0; i < 10; ++i) { // each makes the other one's read go on
                co_await asio::async_write(left, asio::buffer("0123456789", 10), use_awaitable);
                tasks.expect_task(name);
                co_await asio::post(use_awaitable);
            }
        } else {
            co_await asio::async_read(right, asio::buffer(received), use_awaitable);
            tasks.expect_task(name);
        }
    });
    CHECK(received.back() == '9');
}

TEST_CASE("attribution: through a strand that two tasks share") {
    two_tasks tasks;
    const auto strand = asio::make_strand(tasks.io);
    tasks.run([&](std::string name) -> awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            asio::post(strand, [&, name] {
                tasks.expect_task(name);
                ++tasks.completed;
            });
            co_await asio::post(strand, use_awaitable);
            tasks.expect_task(name);
            asio::steady_timer timer(strand, clock::time_point::min());
            co_await timer.async_wait(asio::bind_executor(strand, use_awaitable));
            tasks.expect_task(name);
        }
        co_await asio::post(use_awaitable);
    });
    CHECK(tasks.completed == 6);
}

TEST_CASE("attribution: through a channel, whichever side waits for the other") {
    const auto buffered = GENERATE(std::size_t{0}, std::size_t{1});
    two_tasks tasks;
    asio::experimental::channel<void(boost::system::error_code, int)> channel(tasks.io, buffered);
    int sum = 0;
    tasks.run([&](std::string_view name) -> awaitable<void> {
        for (int i = 1; i <= 4; ++i) {
            if (name == "one") {
                co_await channel.async_send({}, i, use_awaitable);
            } else {
                sum += co_await channel.async_receive(use_awaitable);
            }
            tasks.expect_task(name);
            if ((name == "one") == (i <= 2)) { // one waits first, then the other
                co_await asio::post(use_awaitable);
                tasks.expect_task(name);
                co_await asio::post(use_awaitable);
            }
        }
    });
    CHECK(sum == 10);
}

TEST_CASE("attribution: through async_compose") {
    two_tasks tasks;
    const auto twice = [&](std::string_view name, auto token) {
        return asio::async_compose<decltype(token), void()>(
            [&, name, step = 0](auto& self) mutable {
                tasks.expect_task(name);
                if (step++ < 2) {
                    asio::post(tasks.io, std::move(self));
                } else {
                    self.complete();
                }
            },
            token, tasks.io);
    };
    tasks.run([&](std::string_view name) -> awaitable<void> {
        co_await twice(name, use_awaitable);
        tasks.expect_task(name);
        ++tasks.completed;
        twice(name, [&, name] {
            tasks.expect_task(name);
            ++tasks.completed;
        });
        for (int i = 0; i < 5; ++i) {
            co_await asio::post(use_awaitable);
        }
    });
    CHECK(tasks.completed == 4);
}

TEST_CASE("attribution: through parallel_group, in its operations and after it") {
    two_tasks tasks;
    tasks.run([&](std::string_view name) -> awaitable<void> {
        asio::steady_timer soon(tasks.io, clock::time_point::min());
        asio::steady_timer never(tasks.io, clock::time_point::max());
        co_await asio::experimental::make_parallel_group(soon.async_wait(asio::deferred),
                                                         never.async_wait(asio::deferred))
            .async_wait(asio::experimental::wait_for_one(), use_awaitable);
        tasks.expect_task(name);
        ++tasks.completed;
    });
    CHECK(tasks.completed == 2);
}

TEST_CASE(
    "attribution: a group of spawned coroutines: each is its own, the waiting task after it") {
    two_tasks tasks;
    tasks.run([&](std::string name) -> awaitable<void> {
        co_await asio::experimental::make_parallel_group(
            loopmon::spawn(tasks.io, name + ".a", tasks.part(name + ".a"), asio::deferred),
            loopmon::spawn(tasks.io, name + ".b", tasks.part(name + ".b"), asio::deferred))
            .async_wait(asio::experimental::wait_for_all(), use_awaitable);
        tasks.expect_task(name);
        ++tasks.completed;
    });
    CHECK(tasks.completed == 6);
}

TEST_CASE("attribution: through awaitable operators, whose coroutines are parts of the task") {
    using namespace asio::experimental::awaitable_operators;
    two_tasks tasks;
    tasks.run([&](std::string name) -> awaitable<void> {
        co_await (tasks.part(name) && tasks.part(name));
        tasks.expect_task(name);
        co_await (tasks.part(name) || tasks.part(name));
        tasks.expect_task(name);
    });
    CHECK(tasks.completed >= 6);
}

TEST_CASE("attribution: a coroutine that asio spawns is part of the task that does it") {
    two_tasks tasks;
    tasks.run([&](std::string name) -> awaitable<void> {
        asio::co_spawn(tasks.io, tasks.part(name), asio::detached);
        co_await asio::co_spawn(tasks.io, tasks.part(name), use_awaitable);
        tasks.expect_task(name);
    });
    CHECK(tasks.completed == 4);
}

TEST_CASE("attribution: on several threads, through strands and channels") {
    asio::thread_pool pool(3);
    asio::experimental::concurrent_channel<void(boost::system::error_code, int)> channel(pool, 2);
    std::atomic<int> wrong{0};
    std::atomic<int> sum{0};
    constexpr int messages = 200;
    const auto body = [&](std::string name, bool sends) -> awaitable<void> {
        for (int i = 0; i < messages; ++i) {
            if (sends) {
                co_await channel.async_send({}, 1, use_awaitable);
            } else {
                sum += co_await channel.async_receive(use_awaitable);
            }
            wrong += strays(name);
            co_await asio::post(use_awaitable);
            wrong += strays(name);
        }
    };
    for (int i = 0; i < 4; ++i) {
        const auto name = std::to_string(i);
        loopmon::spawn(asio::make_strand(pool), name, body(name, i % 2 == 0));
    }
    pool.join();
    CHECK(sum == 2 * messages);
    CHECK(wrong == 0);
}
