// SPDX-License-Identifier: MIT
#include "measure/loop_state.hpp"
#include "support/catch.hpp"
#include "support/loop_of.hpp"
#include "support/task_names.hpp"

#include <loopmon/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <thread>

using namespace loopmon::measure;
using loopmon::test::claim;
using loopmon::test::names;
using loopmon::test::names_of;
using loopmon::test::state_of;

TEST_CASE("task: registers from construction to done, move or destruction") {
    boost::asio::io_context io;
    auto& table = state_of(io)->tasks();
    loopmon::task empty;
    CHECK(table.active() == 0);
    {
        const auto line = __LINE__ + 1;
        loopmon::task one(io, "one");
        REQUIRE(table.list().size() == 1);
        CHECK(table.list()[0].line == static_cast<std::uint32_t>(line));
        CHECK_THAT(table.list()[0].file, Catch::ContainsSubstring("loop_state_test.cpp"));
        loopmon::task two(io, "two");
        two = std::move(one); // ends "two"
        CHECK(names_of(table) == names{"one"});
        loopmon::task three(std::move(two));
        CHECK(table.active() == 1);
        three.done();
        three.done();
        empty.done();
        CHECK(table.active() == 0);
        empty = loopmon::task(io, "four");
        CHECK(table.active() == 1);
    }
    CHECK(names_of(table) == names{"four"});
}

TEST_CASE("task: a token outlives its context") {
    loopmon::task survivor;
    std::shared_ptr<loop_state> state;
    {
        boost::asio::io_context io;
        state = state_of(io);
        survivor = loopmon::task(io, "survivor");
    }
    CHECK(state->tracking().over());
    CHECK(names_of(state->tasks()) == names{"survivor"});
    survivor.done();
    CHECK(state->tasks().active() == 0);
}

TEST_CASE("task: one that is held by a pending handler ends with the context") {
    std::shared_ptr<loop_state> state;
    {
        boost::asio::io_context io;
        state = state_of(io);
        boost::asio::post(io, [held = loopmon::task(io, "held")] {});
        CHECK(state->tasks().active() == 1);
    }
    CHECK(state->tasks().active() == 0);
    CHECK(state->tracking().over());
}

TEST_CASE("loop_state: one per context, of any kind") {
    boost::asio::io_context one;
    boost::asio::io_context two;
    boost::asio::thread_pool pool(1);
    CHECK(state_of(one) == state_of(one));
    CHECK(state_of(one) != state_of(two));
    const loopmon::task task(pool, "in a pool");
    CHECK(state_of(pool)->tasks().active() == 1);
    CHECK(state_of(one)->tasks().active() == 0);
}

TEST_CASE("loop_state: a context is claimed by one at a time") {
    std::shared_ptr<loop_state> state;
    {
        boost::asio::io_context io;
        state = state_of(io);
        CHECK(claim(io));
        CHECK_FALSE(claim(io));
        state->release();
        CHECK(claim(io));
        CHECK_FALSE(state->tracking().over());
    }
    CHECK(state->tracking().over());
    CHECK_FALSE(state->running());
    state->release();
    CHECK(state->tracking().over());
}

TEST_CASE("loop_state: runs while claimed, until run() is out of work") {
    boost::asio::io_context io;
    const auto& state = state_of(io);
    CHECK_FALSE(state->running());
    REQUIRE(claim(io));
    CHECK(state->running()); // may yet be called for the first time
    boost::asio::post(io, [state] { CHECK(state->running()); });
    io.run();
    CHECK_FALSE(state->running());
    io.restart();
    CHECK(state->running());
    state->release();
    CHECK_FALSE(state->running());
}

TEST_CASE("loop_state: work is posted to a claimed context, until it is gone") {
    std::shared_ptr<loop_state> state;
    int ran = 0;
    {
        boost::asio::io_context io;
        state = state_of(io);
        CHECK_FALSE(state->post([&ran] { ++ran; }));
        REQUIRE(claim(io));
        CHECK(state->post([&ran] { ++ran; }));
        CHECK(ran == 0);
        io.run();
        CHECK(ran == 1);
    }
    CHECK_FALSE(state->post([&ran] { ++ran; }));
    CHECK(ran == 1);
}

TEST_CASE("loop_state: may be asked by another thread while its context ends") {
    for (int i = 0; i < 200; ++i) {
        auto io = std::make_unique<boost::asio::io_context>();
        const auto state = state_of(*io);
        REQUIRE(claim(*io));
        std::thread watcher([state] {
            while (!state->tracking().over()) {
                static_cast<void>(state->running());
            }
        });
        io.reset();
        watcher.join();
    }
}
