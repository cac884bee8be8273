// SPDX-License-Identifier: MIT
#include "workloads.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <vector>

namespace bench {

namespace asio = boost::asio;

namespace {

/// Waits repeatedly for a moment that has come already: the least that a timer costs.
struct expired {
    asio::steady_timer* timer; ///< of timers(), as `left` is, which outlives the run
    long* left;

    void operator()(boost::system::error_code) {
        if (--*left > 0) {
            timer->expires_after(std::chrono::nanoseconds(0));
            timer->async_wait(expired(*this));
        }
    }
};

} // namespace

void timers(asio::io_context& io, long count) {
    std::vector<asio::steady_timer> all;
    all.reserve(ready_at_a_time);
    for (long i = 0; i < ready_at_a_time; ++i) {
        all.emplace_back(io, std::chrono::nanoseconds(0));
        all.back().async_wait(expired{&all.back(), &count});
    }
    io.restart();
    io.run();
}

} // namespace bench
