// SPDX-License-Identifier: MIT
// The smallest monitored program: one task on one loop, shown on the session bus.
//
//   busctl --user tree org.loopmon1.app.minimal
#include <loopmon/loopmon.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <thread>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// Does its work well, but for every tenth time.
asio::awaitable<void> poll_modem() {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int round = 1;; ++round) {
        timer.expires_after(500ms);
        co_await timer.async_wait(asio::use_awaitable);
        if (round % 10 == 0) {
            std::this_thread::sleep_for(700ms); // the blocking call that nobody meant to make
        }
    }
}

} // namespace

int main() {
    asio::io_context io;
    loopmon::monitor monitor{{.bus = loopmon::bus_kind::session}};
    auto watched = monitor.watch(io, {.name = "main", .warn = 100ms, .critical = 1s});
    loopmon::spawn(io, "poll-modem", poll_modem());
    io.run();
}
