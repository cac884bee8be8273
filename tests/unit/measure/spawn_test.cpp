// SPDX-License-Identifier: MIT
#include "measure/loop_state.hpp"
#include "support/catch.hpp"
#include "support/forever.hpp"
#include "support/loop_of.hpp"
#include "support/outcome.hpp"
#include "support/sentinel.hpp"

#include <loopmon/spawn.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

using namespace loopmon::test;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using loopmon::test::state_of;

namespace {

awaitable<void> one_turn() {
    co_await boost::asio::post(use_awaitable);
}

awaitable<int> answer() {
    co_await boost::asio::post(use_awaitable);
    co_return 42;
}

awaitable<void> failing() {
    co_await boost::asio::post(use_awaitable);
    throw std::runtime_error("as planned");
}

// Result and value in one, also for results that cannot be copied.
awaitable<std::unique_ptr<int>> unique_answer() {
    co_return std::make_unique<int>(42);
}

struct loop {
    boost::asio::io_context io;
    std::shared_ptr<loopmon::measure::loop_state> state = state_of(io);
    [[nodiscard]] std::uint64_t active() const { return state->tasks().active(); }
};

} // namespace

TEST_CASE("spawn: a coroutine is a task from the call until it completes") {
    loop l;
    const auto line = __LINE__ + 1;
    loopmon::spawn(l.io, "poll-modem", one_turn());
    CHECK(l.active() == 1);
    const auto tasks = l.state->tasks().list();
    REQUIRE(tasks.size() == 1);
    CHECK(tasks[0].name == "poll-modem");
    CHECK_THAT(tasks[0].file, Catch::ContainsSubstring("spawn_test.cpp"));
    CHECK(tasks[0].line == static_cast<std::uint32_t>(line));
    l.io.run_one(); // begins, and posts
    CHECK(l.active() == 1);
    l.io.run();
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: a suspended coroutine stays a task") {
    loop l;
    loopmon::spawn(l.io, "waits", forever());
    l.io.poll();
    CHECK(l.active() == 1);
    CHECK(l.state->tasks().list().at(0).name == "waits");
}

TEST_CASE("spawn: the place of the call is that of a call with an executor and a token, too") {
    loop l;
    const auto line = __LINE__ + 1;
    loopmon::spawn(l.io.get_executor(), "x", forever(), boost::asio::detached);
    CHECK(l.state->tasks().list().at(0).line == static_cast<std::uint32_t>(line));
}

TEST_CASE("spawn: an exception ends the task and reaches the token") {
    loop l;
    auto result = loopmon::spawn(l.io, "fails", failing(), boost::asio::use_future);
    l.io.run();
    CHECK(l.active() == 0);
    CHECK_THROWS_WITH(result.get(), "as planned");
}

TEST_CASE("spawn: what a callback throws leaves run(), and no task behind") {
    loop l;
    loopmon::spawn(l.io, "fails", failing(), [](const std::exception_ptr& error) {
        if (error) {
            std::rethrow_exception(error);
        }
    });
    CHECK_THROWS_WITH(l.io.run(), "as planned");
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: cancellation ends the task") {
    loop l;
    boost::asio::cancellation_signal cancel;
    std::optional<outcome> result;
    const auto completed = [&result](const std::exception_ptr& error) {
        result = outcome::of(error);
    };
    loopmon::spawn(l.io, "cancelled", forever(),
                   boost::asio::bind_cancellation_slot(cancel.slot(), completed));
    l.io.poll();
    REQUIRE(l.active() == 1);
    cancel.emit(boost::asio::cancellation_type::terminal);
    l.io.run();
    CHECK(l.active() == 0);
    REQUIRE(result);
    CHECK(result->aborted);
}

TEST_CASE("spawn: a task ends with its context, suspended or not yet begun") {
    const bool begun = GENERATE(false, true);
    auto l = std::make_unique<loop>();
    const auto state = l->state;
    bool destroyed = false;
    const auto body = [](std::shared_ptr<void>) -> awaitable<void> { co_await forever(); };
    loopmon::spawn(l->io, "interrupted", body(sentinel(destroyed)));
    if (begun) {
        l->io.poll();
    }
    CHECK(state->tasks().active() == 1);
    CHECK_FALSE(destroyed);
    l.reset();
    CHECK(destroyed);
    CHECK(state->tasks().active() == 0);
}

TEST_CASE("spawn: the result of an awaitable<T> passes through to a future") {
    loop l;
    auto number = loopmon::spawn(l.io, "x", answer(), boost::asio::use_future);
    auto unique = loopmon::spawn(l.io, "y", unique_answer(), boost::asio::use_future);
    l.io.run();
    CHECK(number.get() == 42);
    CHECK(*unique.get() == 42);
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: the result of an awaitable<T> passes through to a callback") {
    loop l;
    int result = 0;
    loopmon::spawn(l.io, "x", answer(),
                   [&result](const std::exception_ptr& error, int n) { result = error ? -1 : n; });
    l.io.run();
    CHECK(result == 42);
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: within a coroutine the result is awaited, and the task is there from the call") {
    loop l;
    int result = 0;
    std::uint64_t before_await = 0;
    const auto parent = [&]() -> awaitable<void> {
        auto child = loopmon::spawn(l.io, "child", answer(), use_awaitable);
        before_await = l.active();
        result = co_await std::move(child);
        co_await boost::asio::post(use_awaitable); // the child's frame ends after its handler
        CHECK(l.active() == 1);
    };
    loopmon::spawn(l.io, "parent", parent);
    l.io.run();
    CHECK(before_await == 2);
    CHECK(result == 42);
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: an awaitable that is never awaited stops to be a task when it is dropped") {
    loop l;
    {
        auto child = loopmon::spawn(l.io, "dropped", answer(), use_awaitable);
        CHECK(l.active() == 1);
    }
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: takes function objects, those that cannot be copied and lvalues, too") {
    loop l;
    auto only_moves = [held = std::make_unique<int>(42)]() -> awaitable<int> {
        co_await boost::asio::post(use_awaitable);
        co_return *held; // the function object lives as long as its coroutine
    };
    const auto lvalue = [text = std::string(100, 'x')]() -> awaitable<std::size_t> {
        co_await boost::asio::post(use_awaitable);
        co_return text.size();
    };
    auto one = loopmon::spawn(l.io, "x", std::move(only_moves), boost::asio::use_future);
    auto two = loopmon::spawn(l.io, "y", lvalue, boost::asio::use_future);
    auto three = loopmon::spawn(l.io, "z", &answer, boost::asio::use_future);
    CHECK(l.active() == 3);
    l.io.run();
    CHECK(one.get() == 42);
    CHECK(two.get() == 100);
    CHECK(three.get() == 42);
    CHECK(l.active() == 0);
}

TEST_CASE("spawn: a task belongs to the context of its executor, whatever wraps it") {
    loop l;
    loop other;
    loopmon::spawn(boost::asio::make_strand(l.io), "strand", forever());
    loopmon::spawn(boost::asio::any_io_executor(l.io.get_executor()), "any", forever());
    loopmon::spawn(boost::asio::any_io_executor(boost::asio::make_strand(l.io)), "both", forever());
    l.io.poll();
    CHECK(l.active() == 3);
    CHECK(other.active() == 0);
}

TEST_CASE("spawn: runs on a strand in a pool of threads") {
    boost::asio::thread_pool pool(2);
    const auto strand = boost::asio::make_strand(pool);
    int on_strand = 0; // which also guards it
    for (int i = 0; i < 100; ++i) {
        loopmon::spawn(strand, "x", [&on_strand, strand]() -> awaitable<void> {
            co_await boost::asio::post(use_awaitable);
            on_strand += strand.running_in_this_thread();
        });
    }
    pool.join();
    CHECK(on_strand == 100);
    CHECK(state_of(pool)->tasks().active() == 0);
}

TEST_CASE("spawn: the name may be gone after the call") {
    loop l;
    {
        std::string name = "temporary";
        loopmon::spawn(l.io, name, forever());
        name.assign(name.size(), '?');
    }
    CHECK(l.state->tasks().list().at(0).name == "temporary");
}
