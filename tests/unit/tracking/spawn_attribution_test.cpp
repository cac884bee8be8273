// SPDX-License-Identifier: MIT
//
// Where asio goes from one task to another without a handler of its own between them: it starts a
// coroutine inline, and continues the one that waits for it inline.
#include "manual_ticks.hpp"
#include "support/catch.hpp"
#include "support/forever.hpp"
#include "support/task_names.hpp"

#include <loopmon/spawn.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <stdexcept>

using namespace loopmon::test;
using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
namespace asio = boost::asio;

TEST_CASE("spawn: a child that is awaited takes over, and the parent is current again after it") {
    const bool suspends = GENERATE(false, true);
    asio::io_context io;
    task_trace trace;
    const auto child = [&]() -> awaitable<int> {
        trace();
        if (suspends) {
            co_await asio::post(use_awaitable);
        }
        trace();
        co_return 42;
    };
    const auto parent = [&]() -> awaitable<void> {
        trace();
        const int answer = co_await loopmon::spawn(io, "child", child(), use_awaitable);
        CHECK(answer == 42);
        trace();
        co_await asio::post(use_awaitable);
        trace();
    };
    loopmon::spawn(io, "parent", parent());
    io.run();
    CHECK(trace.names() == names{"parent", "child", "child", "parent", "parent"});
    CHECK(current_task_name().empty());
}

TEST_CASE("spawn: the parent goes on as itself when the child throws") {
    const bool suspends = GENERATE(false, true);
    asio::io_context io;
    task_trace trace;
    const auto child = [&]() -> awaitable<void> {
        if (suspends) {
            co_await asio::post(use_awaitable);
        }
        trace();
        throw std::runtime_error("as planned");
    };
    const auto parent = [&]() -> awaitable<void> {
        bool caught = false;
        try {
            co_await loopmon::spawn(io, "child", child(), use_awaitable);
        } catch (const std::runtime_error&) {
            caught = true;
            trace();
        }
        CHECK(caught);
        co_await asio::post(use_awaitable);
        trace();
    };
    loopmon::spawn(io, "parent", parent());
    io.run();
    CHECK(trace.names() == names{"child", "parent", "parent"});
}

TEST_CASE("spawn: the parent goes on as itself when both are cancelled") {
    asio::io_context io;
    task_trace trace;
    asio::cancellation_signal cancel;
    const auto child = [&]() -> awaitable<void> {
        try {
            co_await forever();
        } catch (const boost::system::system_error&) {
            trace();
            throw;
        }
    };
    const auto parent = [&]() -> awaitable<void> {
        try {
            co_await loopmon::spawn(io, "child", child(), use_awaitable);
        } catch (const boost::system::system_error&) {
            trace();
        }
    };
    loopmon::spawn(
        io, "parent", parent(),
        asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr&) { trace(); }));
    io.poll();
    cancel.emit(asio::cancellation_type::terminal);
    io.run();
    CHECK(trace.names() == names{"child", "parent", ""});
}

TEST_CASE("spawn: an exception that a callback lets out leaves nobody current") {
    asio::io_context io;
    const auto body = []() -> awaitable<void> { co_return; };
    loopmon::spawn(io, "fails", body,
                   [](const std::exception_ptr&) { throw std::runtime_error("as planned"); });
    CHECK_THROWS_WITH(io.run(), "as planned");
    CHECK(current_task_name().empty());
    task_trace trace;
    asio::post(io, [&trace] { trace(); });
    io.restart();
    io.run();
    CHECK(trace.names() == names{""});
}

TEST_CASE("spawn: a detached child of a running parent starts inline, and the parent goes on") {
    asio::io_context io;
    task_trace trace;
    const auto child = [&]() -> awaitable<void> {
        trace();
        co_await asio::post(use_awaitable);
        trace();
    };
    const auto parent = [&]() -> awaitable<void> {
        loopmon::spawn(io, "child", child());
        trace();
        co_await asio::post(use_awaitable);
        trace();
    };
    loopmon::spawn(io, "parent", parent());
    io.run();
    CHECK(trace.names() == names{"child", "parent", "child", "parent"});
}

TEST_CASE("spawn: three generations, each current while its code runs") {
    asio::io_context io;
    task_trace trace;
    const auto child = [&]() -> awaitable<void> {
        co_await asio::post(use_awaitable);
        trace();
    };
    const auto mother = [&]() -> awaitable<void> {
        co_await loopmon::spawn(io, "child", child(), use_awaitable);
        trace();
    };
    const auto grandmother = [&]() -> awaitable<void> {
        co_await loopmon::spawn(io, "mother", mother(), use_awaitable);
        trace();
        co_await loopmon::spawn(io, "mother", mother(), use_awaitable);
        trace();
    };
    loopmon::spawn(io, "grandmother", grandmother());
    io.run();
    CHECK(trace.names() ==
          names{"child", "mother", "grandmother", "child", "mother", "grandmother"});
}

TEST_CASE("spawn: the completion handler belongs to the task that asked, wherever it runs") {
    asio::io_context io;
    asio::thread_pool pool(1);
    const auto strand = asio::make_strand(io);
    const int kind = GENERATE(0, 1, 2);
    const auto child_on = kind == 2 ? asio::any_io_executor(pool.get_executor())
                                    : asio::any_io_executor(io.get_executor());
    const auto answers_on =
        kind == 1 ? asio::any_io_executor(strand) : asio::any_io_executor(io.get_executor());
    std::string completed;
    const auto child = []() -> awaitable<void> { co_await asio::post(use_awaitable); };
    const auto parent = [&]() -> awaitable<void> {
        asio::steady_timer answered(io, asio::steady_timer::time_point::max());
        loopmon::spawn(child_on, "child", child,
                       asio::bind_executor(answers_on, [&](const std::exception_ptr&) {
                           completed = current_task_name();
                           answered.cancel();
                       }));
        boost::system::error_code ignored;
        co_await answered.async_wait(asio::redirect_error(use_awaitable, ignored));
    };
    loopmon::spawn(io, "parent", parent());
    io.run();
    pool.join();
    CHECK(completed == "parent");
}

TEST_CASE("spawn: the child's parent is the task that called spawn, not the one that started it") {
    asio::io_context io;
    const auto parent = [&]() -> awaitable<void> {
        loopmon::spawn(io, "now", forever());
        auto later = loopmon::spawn(io, "later", forever(), use_awaitable);
        loopmon::spawn(io, "starts", std::move(later));
        co_await forever();
    };
    loopmon::spawn(io, "parent", parent());
    io.poll();
    const auto id = task_named(io, "parent").id;
    CHECK(task_named(io, "parent").parent == 0);
    CHECK(task_named(io, "now").parent == id);
    CHECK(task_named(io, "later").parent == id);
    CHECK(task_named(io, "starts").parent == id);
}

TEST_CASE("spawn: pending handlers are counted where they belong, from the first one on") {
    asio::io_context io;
    const auto twice = [&]() -> awaitable<void> {
        asio::post(io, [] {});
        co_await forever();
    };
    loopmon::spawn(io, "waits", twice);
    CHECK(task_named(io, "waits").handlers == 1); // which will start it
    io.run_one();
    CHECK(task_named(io, "waits").handlers == 2); // the posted one and the timer
    io.poll();
    CHECK(task_named(io, "waits").handlers == 1);
}

TEST_CASE("spawn: run time goes to the task whose code took it, inline or not") {
    asio::io_context io;
    const auto child = [&]() -> awaitable<void> {
        manual_ticks::advance(1ms);
        co_await asio::post(use_awaitable);
        manual_ticks::advance(2ms);
    };
    const auto parent = [&]() -> awaitable<void> {
        manual_ticks::advance(10ms);
        auto awaited = loopmon::spawn(io, "child", child, use_awaitable);
        const auto stays = [&]() -> awaitable<void> {
            manual_ticks::advance(100ms);
            co_await forever();
        };
        loopmon::spawn(io, "stays", stays);
        manual_ticks::advance(20ms);
        co_await std::move(awaited);
        manual_ticks::advance(40ms);
        co_await forever();
    };
    loopmon::spawn(io, "parent", parent);
    io.poll();
    CHECK(task_named(io, "stays").run_time == 100ms);
    CHECK(task_named(io, "parent").run_time == 70ms);
}

TEST_CASE("spawn: a suspended task that its context destroys leaves nobody current") {
    auto io = std::make_unique<asio::io_context>();
    std::string destroyed_in = "not";
    struct last_words {
        std::string* out;
        ~last_words() { *out = current_task_name(); }
    };
    const auto body = [&]() -> awaitable<void> {
        const last_words words{&destroyed_in};
        co_await forever();
    };
    loopmon::spawn(*io, "suspended", body);
    io->poll();
    io.reset();
    CHECK(destroyed_in != "not");
    CHECK(current_task_name().empty());
}

TEST_CASE("spawn: the watcher sees the task whose code runs, not the one that resumed it") {
    asio::io_context io;
    names shown;
    const auto look = [&] {
        const auto running = tracking_of(io).running();
        REQUIRE(running.size() == 1);
        const auto task = loopmon::measure::find_task(running[0].task);
        shown.push_back(task ? task->name : "");
    };
    loopmon::spawn(io, "parent", [&]() -> awaitable<void> {
        look();
        co_await loopmon::spawn(
            io, "child",
            [&]() -> awaitable<void> {
                look();
                co_return;
            },
            use_awaitable);
        look();
    });
    io.run();
    CHECK(shown == names{"parent", "child", "parent"});
}
