// SPDX-License-Identifier: MIT
#pragma once

#include "support/temporary_directory.hpp"

#include <string>

#include <sys/types.h>

namespace loopmon::test {

/// A dbus-daemon of the test's own that allows everything to everybody and starts nothing. It ends
/// with the object, and with the process. Failure to run it is a std::system_error or
/// std::runtime_error.
class private_bus {
public:
    private_bus(); ///< running, and ready for connections
    private_bus(const private_bus&) = delete;
    private_bus& operator=(const private_bus&) = delete;
    ~private_bus();

    /// The same for the life of the object.
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

    /// SIGKILL; the socket's file stays, as after a crash. Does nothing if it does not run.
    void kill();
    /// Kills what runs and starts again on the same address.
    void restart();
    /// SIGSTOP: connections are accepted by the kernel, and nobody answers.
    void stop_process();
    void continue_process();

private:
    void start();

    temporary_directory directory_;
    std::string address_;
    pid_t process_ = -1;
};

} // namespace loopmon::test
