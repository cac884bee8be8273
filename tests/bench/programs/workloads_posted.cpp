// SPDX-License-Identifier: MIT
#include "workloads.hpp"

#include "watched_loop.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

namespace bench {

namespace asio = boost::asio;

namespace {

constexpr long burst_size = 1000;

template <class Executor>
struct link_of_chain {
    Executor executor;
    long left;

    void operator()() {
        if (--left > 0) {
            asio::post(executor, link_of_chain(*this));
        }
    }
};

template <class Executor>
void start_chain(const Executor& executor, long count) {
    asio::post(executor, link_of_chain<Executor>{executor, count});
}

/// At least one, that small counts measure something too.
long share_of(long count) {
    return std::max(1L, count / ready_at_a_time);
}

void run(asio::io_context& io) {
    io.restart();
    io.run();
}

asio::awaitable<void> resume_often(long count) {
    const auto executor = co_await asio::this_coro::executor;
    for (; count > 0; --count) {
        co_await asio::post(executor, asio::use_awaitable);
    }
}

} // namespace

void post_chain(asio::io_context& io, long count) {
    for (long i = 0; i < ready_at_a_time; ++i) {
        start_chain(io.get_executor(), share_of(count));
    }
    run(io);
}

void turn(asio::io_context& io, long count) {
    start_chain(io.get_executor(), count);
    run(io);
}

void strand(asio::io_context& io, long count) {
    for (long i = 0; i < ready_at_a_time; ++i) {
        start_chain(asio::make_strand(io), share_of(count));
    }
    run(io);
}

void burst(asio::io_context& io, long count) {
    while (count > 0) {
        const long now = std::min(count, burst_size);
        for (long i = 0; i < now; ++i) {
            asio::post(io, [] {});
        }
        run(io);
        count -= now;
    }
}

void yield(asio::io_context& io, long count) {
    for (long i = 0; i < ready_at_a_time; ++i) {
        spawn(io, "yield", resume_often(share_of(count)));
    }
    run(io);
}

void clock_gettime(asio::io_context&, long count) {
    for (; count > 0; --count) {
        // A call into the vdso, which no compiler leaves out.
        static_cast<void>(std::chrono::steady_clock::now());
    }
}

} // namespace bench
