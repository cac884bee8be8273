// SPDX-License-Identifier: MIT
#pragma once

#include "support/temporary_directory.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace loopmon::test {

/// The service manager's end of sd_notify(3). While it lives $NOTIFY_SOCKET of this process, and so
/// of what the test starts, points at it. Only for tests that run no other thread meanwhile: the
/// environment is not for two.
class notify_socket {
public:
    notify_socket();
    notify_socket(const notify_socket&) = delete;
    notify_socket& operator=(const notify_socket&) = delete;
    ~notify_socket();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Nobody listens, until rebind().
    void vanish() noexcept;

    /// A new socket takes the place of the present one, under the same path.
    void rebind();

    /// The next datagram; nothing if none comes in time.
    [[nodiscard]] std::optional<std::string>
    receive(std::chrono::milliseconds patience = std::chrono::milliseconds{0});

private:
    temporary_directory directory_;
    std::string path_;
    int socket_ = -1;
};

} // namespace loopmon::test
