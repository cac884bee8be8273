// SPDX-License-Identifier: MIT
// Uses of the library all that a first program uses, and fails if a task or the loop is not there.
#include <loopmon/loopmon.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <cstdio>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> poll_modem(bool& polled) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
    co_await timer.async_wait(asio::use_awaitable);
    polled = true;
}

int main() {
    asio::io_context io;
    bool polled = false;
    {
        loopmon::monitor monitor;
        auto watched = monitor.watch(io, {.name = "main", .warn = 100ms, .critical = 1s});
        loopmon::spawn(io, "poll-modem", poll_modem(polled));
        io.run();
    }
    std::puts(polled && !loopmon::overloaded() ? "ok" : "not ok");
    return polled ? 0 : 1;
}
