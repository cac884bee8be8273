// SPDX-License-Identifier: MIT
//
// What a loop does all day, in its purest forms. Each runs `count` handlers (round trips for the
// echo) on a loop that has nothing else to do, and returns when they have run.
//
// Asio looks at its descriptors and timers once per turn, when all that was ready has run. So that
// it is handlers that are measured and not epoll_wait, 64 are ready at any time, but for `turn`,
// where each has a turn of its own.
#pragma once

#include <boost/asio/io_context.hpp>

namespace bench {

inline constexpr long ready_at_a_time = 64;

void post_chain(boost::asio::io_context& io, long count); ///< each handler posts the next
void turn(boost::asio::io_context& io, long count);       ///< the same, one handler a turn
void burst(boost::asio::io_context& io, long count);      ///< a thousand are posted at once
void strand(boost::asio::io_context& io, long count);     ///< chains, each on a strand of its own
void timers(boost::asio::io_context& io, long count);     ///< timers that expire at once
void yield(boost::asio::io_context& io, long count);      ///< coroutines that resume themselves
void echo(boost::asio::io_context& io, long count);       ///< TCP on loopback, a client thread

/// No loop at all: the clock that every measurement of time is made of.
void clock_gettime(boost::asio::io_context& io, long count);

} // namespace bench
