// SPDX-License-Identifier: MIT
//
// What asio waits for on behalf of one sd_bus: its socket, in at most one wait per direction, and
// its deadline. Every rule here is the memory of a bug in some other hook-up:
//
// - asio gets a duplicate of the descriptor. sd-bus closes its own whenever it likes; asio must
//   never deregister, or close, a number that meanwhile belongs to somebody else.
// - The socket is known by its inode, not by its number: while sd-bus walks a list of addresses it
//   closes one socket and usually gets the same number for the next.
// - Only a missing wait is added. asio completes all waits of a direction on one event, so a wait
//   too many comes back, with its successors, on every event from then on.
// - Whatever completes for an earlier socket is recognised by its generation and ignored.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace loopmon::systemd {

/// For the thread (or strand) of the executor. Its handlers hold it weakly.
class socket_waits : public std::enable_shared_from_this<socket_waits> {
public:
    /// No deadline, as sd_bus_get_timeout() says it.
    static constexpr std::uint64_t never = UINT64_MAX;

    /// @param woken called from a handler of its own when something waited for has happened, or
    /// with the error when waiting failed; must not throw
    socket_waits(const boost::asio::any_io_executor& executor,
                 std::function<void(boost::system::error_code)> woken);

    /// Sees to it that the socket behind `source` is waited for.
    /// @param events POLLIN and POLLOUT, as sd_bus_get_events() says them
    boost::system::error_code wait_for(int source, int events) noexcept;

    /// Moves the deadline. @param monotonic_usec absolute, CLOCK_MONOTONIC, or `never`
    void wait_until(std::uint64_t monotonic_usec) noexcept;

    /// The duplicate; negative: none.
    [[nodiscard]] int descriptor() noexcept {
        return descriptor_.is_open() ? descriptor_.native_handle() : -1;
    }

    /// Ends all waits; `woken` is not called any more.
    void close() noexcept;

private:
    struct identity {
        int number = -1;
        dev_t device = 0;
        ino_t inode = 0;
        bool operator==(const identity&) const = default;
    };

    boost::system::error_code bind(const identity& source) noexcept;
    void unbind() noexcept;
    void ready(boost::system::error_code error, bool socket_waits::*waiting,
               std::uint64_t generation) noexcept;
    void expired(boost::system::error_code error, std::uint64_t deadline) noexcept;

    boost::asio::posix::stream_descriptor descriptor_;
    boost::asio::steady_timer timer_;
    std::function<void(boost::system::error_code)> woken_;
    identity bound_;
    std::uint64_t generation_ = 0;
    std::uint64_t deadline_ = never;
    bool reading_ = false;
    bool writing_ = false;
    bool registered_for_write_ = false;
};

} // namespace loopmon::systemd
