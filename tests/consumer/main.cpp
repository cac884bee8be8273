// SPDX-License-Identifier: MIT
//
// A program of somebody else, with a task that blocks its loop, announces that it will block it,
// and gives work away. Each time it blocks until a line arrives on standard input, so observe.py
// can look at the loop for as long as it likes. Its exit status is 0 if it saw what it expected.
#include <loopmon/loopmon.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/version.hpp>

#include <chrono>
#include <cstdio>
#include <exception>

namespace asio = boost::asio;
using namespace std::chrono_literals;

#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
constexpr const char* variant = "with handler tracking";
#else
constexpr const char* variant = "without handler tracking";
#endif

struct results {
    bool held = false;       ///< until a line came
    bool overloaded = false; ///< as announced while it was held
    bool announced = false;  ///< held again, and not overloaded by that
    int answer_of_a_pool = 0;
};

bool hold() {
    return std::getchar() == '\n';
}

asio::awaitable<void> poll_modem(loopmon::offload_pool& pool, results& seen) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
    co_await timer.async_wait(asio::use_awaitable);
    seen.held = hold();
    seen.overloaded = loopmon::overloaded();
    do {
        timer.expires_after(10ms);
        co_await timer.async_wait(asio::use_awaitable);
    } while (loopmon::overloaded());
    {
        const loopmon::expect_long expected(1h, "reindex");
        seen.announced = hold() && !loopmon::overloaded();
    }
    seen.answer_of_a_pool = co_await loopmon::offload(pool, "compress", [] { return 42; });
}

int main() {
    std::printf("Boost %s, %s, %s\n", BOOST_LIB_VERSION, variant, __VERSION__);
    std::fflush(stdout);
    asio::io_context io;
    loopmon::offload_pool pool(1, 8);
    results seen;
    {
        loopmon::monitor monitor{{.bus = loopmon::bus_kind::session,
                                  .bus_name = "org.loopmon1.app.consumer",
                                  .settings = {.grace = 0s}}};
        // Its lag stays below critical for as long as anybody looks.
        auto watched = monitor.watch(io, {.name = "main",
                                          .interval = 10ms,
                                          .warn = 100ms,
                                          .critical = 1h,
                                          .clear_after = 10ms,
                                          .gates_watchdog = false});
        asio::steady_timer other(io, 1h); // a handler that is pending all the time
        other.async_wait([](const boost::system::error_code& /*cancelled*/) {});
        loopmon::spawn(io, "poll-modem", poll_modem(pool, seen),
                       [&other](const std::exception_ptr& /*none*/) { other.cancel(); });
        io.run();
    }
    std::printf("held %d, overloaded %d, announced %d, answer %d\n", seen.held, seen.overloaded,
                seen.announced, seen.answer_of_a_pool);
    return seen.held && seen.overloaded && seen.announced && seen.answer_of_a_pool == 42 ? 0 : 1;
}
