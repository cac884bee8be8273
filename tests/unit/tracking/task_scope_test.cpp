// SPDX-License-Identifier: MIT
//
// Callback code has no coroutine to be recognised by: it belongs to the task whose scope it enters.
#include "support/catch.hpp"
#include "support/task_names.hpp"

#include <loopmon/task.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

using namespace loopmon::test;
namespace asio = boost::asio;

TEST_CASE("task: callbacks that are started in its scope belong to it, and theirs") {
    asio::io_context io;
    task_trace trace;
    const loopmon::task session(io, "session");
    asio::steady_timer timer(io, asio::steady_timer::time_point::min());
    {
        const auto working = session.enter();
        trace();
        timer.async_wait([&](boost::system::error_code) {
            trace();
            asio::post(io, [&trace] { trace(); });
        });
    }
    trace();
    asio::post(io, [&trace] { trace(); });
    CHECK(task_named(io, "session").handlers == 1);
    io.run();
    CHECK(trace.names() == names{"session", "", "", "session", "session"});
    CHECK(task_named(io, "session").handlers == 0);
}

TEST_CASE("task: scopes nest, and that of an empty token belongs to nobody") {
    asio::io_context io;
    const loopmon::task outer(io, "outer");
    const auto in_outer = outer.enter();
    const loopmon::task inner(io, "inner");
    {
        const auto in_inner = inner.enter();
        CHECK(current_task_name() == "inner");
        {
            const loopmon::task none;
            const auto in_none = none.enter();
            CHECK(current_task_name().empty());
        }
        CHECK(current_task_name() == "inner");
    }
    CHECK(current_task_name() == "outer");
    CHECK(task_named(io, "inner").parent == task_named(io, "outer").id);
}
