// SPDX-License-Identifier: MIT
#include "socket_waits.hpp"

#include <loopmon/task.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace loopmon::systemd {

using boost::system::error_code;
using clock = std::chrono::steady_clock; // is CLOCK_MONOTONIC on Linux, the clock of sd-bus

namespace {

/// The waits are the connection's, whichever task was the first to need them.
loopmon::detail::task_scope no_task() noexcept {
    return loopmon::detail::task_scope(0);
}

error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

} // namespace

socket_waits::socket_waits(const boost::asio::any_io_executor& executor,
                           std::function<void(error_code)> woken)
    : descriptor_(executor), timer_(executor), woken_(std::move(woken)) {}

error_code socket_waits::wait_for(int source, int events) noexcept {
    struct stat file {};
    if (fstat(source, &file) != 0) {
        return last_error();
    }

    const identity wanted{source, file.st_dev, file.st_ino};
    // asio never takes EPOLLOUT out of a registration: once it was waited for, each time the peer
    // reads wakes the process for nothing. So when sd-bus has no use for it any more, as after the
    // handshake or a backlog, we begin afresh.
    const bool tired = registered_for_write_ && (events & POLLOUT) == 0;
    if (wanted != bound_ || tired) {
        if (const error_code error = bind(wanted)) {
            return error;
        }
    }

    using wait_type = boost::asio::posix::stream_descriptor::wait_type;
    const auto connection = no_task();
    const auto add = [this](wait_type direction, bool socket_waits::*waiting) {
        if (std::exchange(this->*waiting, true)) {
            return;
        }
        descriptor_.async_wait(direction, [weak = weak_from_this(), waiting,
                                           generation = generation_](error_code error) {
            if (const auto self = weak.lock()) {
                self->ready(error, waiting, generation);
            }
        });
    };
    if ((events & POLLIN) != 0) {
        add(wait_type::wait_read, &socket_waits::reading_);
    }
    if ((events & POLLOUT) != 0) {
        registered_for_write_ = true;
        add(wait_type::wait_write, &socket_waits::writing_);
    }
    return {};
}

void socket_waits::wait_until(std::uint64_t monotonic_usec) noexcept {
    // Beyond what the clock can express means never.
    constexpr auto last =
        std::chrono::floor<std::chrono::microseconds>(clock::time_point::max().time_since_epoch());
    if (monotonic_usec > std::uint64_t{last.count()}) {
        monotonic_usec = never;
    }
    if (monotonic_usec == deadline_) {
        return;
    }

    deadline_ = monotonic_usec;
    if (monotonic_usec == never) {
        timer_.cancel();
        return;
    }
    const auto connection = no_task();
    timer_.expires_at(clock::time_point{std::chrono::microseconds{monotonic_usec}});
    timer_.async_wait([weak = weak_from_this(), monotonic_usec](error_code error) {
        if (const auto self = weak.lock()) {
            self->expired(error, monotonic_usec);
        }
    });
}

void socket_waits::close() noexcept {
    unbind();
    deadline_ = never;
    timer_.cancel();
}

error_code socket_waits::bind(const identity& source) noexcept {
    unbind();
    const int duplicate = fcntl(source.number, F_DUPFD_CLOEXEC, 3);
    if (duplicate < 0) {
        return last_error();
    }
    error_code error;
    descriptor_.assign(duplicate, error);
    if (error) {
        ::close(duplicate);
    } else {
        bound_ = source;
    }
    return error;
}

void socket_waits::unbind() noexcept {
    error_code ignored; // nothing was written through the duplicate, so nothing can be lost
    descriptor_.close(ignored);
    bound_ = {};
    ++generation_;
    reading_ = writing_ = registered_for_write_ = false;
}

void socket_waits::ready(error_code error, bool socket_waits::*waiting,
                         std::uint64_t generation) noexcept {
    if (generation != generation_) {
        return;
    }
    this->*waiting = false;
    woken_(error);
}

void socket_waits::expired(error_code error, std::uint64_t deadline) noexcept {
    // A wait that was moved completes with operation_aborted, or, if it had expired already, with
    // the deadline it was for.
    if (error || deadline != deadline_) {
        return;
    }
    deadline_ = never;
    woken_({});
}

} // namespace loopmon::systemd
