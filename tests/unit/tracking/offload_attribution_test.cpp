// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/task_names.hpp"

#include <loopmon/offload.hpp>
#include <loopmon/spawn.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <string>
#include <system_error>

using namespace loopmon::test;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
namespace asio = boost::asio;

TEST_CASE("offload: who asked goes on as itself, and the work is a child of it") {
    const auto limit = GENERATE(std::size_t{0}, std::size_t{1}); // refused or not
    asio::io_context io;
    loopmon::offload_pool pool(1, limit);
    task_trace trace;
    std::string work_is;
    loopmon::spawn(io, "asks", [&]() -> awaitable<void> {
        try {
            co_await loopmon::offload(pool, "work", [&work_is] { work_is = current_task_name(); });
        } catch (const std::system_error&) {
        }
        trace();
        co_await asio::post(use_awaitable);
        trace();
    });
    io.run();
    CHECK(trace.names() == names{"asks", "asks"});
    CHECK(work_is == (limit == 0 ? "" : "work"));
}

TEST_CASE("offload: what the work starts in the scope of a task belongs to that") {
    asio::io_context io;
    loopmon::offload_pool pool(1, 1);
    std::string posted;
    std::string completed = "not";
    const loopmon::task survivor(io, "survivor");
    loopmon::offload(
        pool, "work",
        [&] {
            const auto working = survivor.enter();
            asio::post(io, [&posted] { posted = current_task_name(); });
        },
        asio::bind_executor(
            io, [&completed](const std::exception_ptr&) { completed = current_task_name(); }));
    io.run();
    CHECK(posted == "survivor");
    CHECK(completed.empty()); // as nobody's task asked
}
