// SPDX-License-Identifier: MIT
#pragma once

#include "base/kept_fd.hpp"

#include <chrono>
#include <mutex>
#include <span>
#include <string>

#include <sys/uio.h>

namespace loopmon::base {

/// A way to a datagram socket of another process, connected once: where its path cannot be seen any
/// more, it still leads there. Connected again by path if the other end has bound a new socket, or
/// if the program has closed ours. Thread-safe.
class unix_datagrams {
public:
    /// @param address a path, or with a leading '@' a name in the abstract namespace; empty: nobody
    /// @param patience how long send() waits while the other end takes nothing; zero: for ever
    explicit unix_datagrams(std::string address, std::chrono::milliseconds patience = {});

    /// Sends the parts as one datagram.
    /// @param attached a descriptor that goes with it; negative: none
    /// @return 0, or an errno; EDESTADDRREQ if there is nobody
    int send(std::span<const iovec> parts, int attached = -1) noexcept;

private:
    int connect() noexcept;

    const std::string address_;
    const std::chrono::milliseconds patience_;
    std::mutex mutex_;
    kept_fd socket_;
};

} // namespace loopmon::base
