// SPDX-License-Identifier: MIT
#include "support/private_bus.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace loopmon::test {

namespace {

// Generous: it only ends a test that fails.
constexpr int start_timeout_ms = 30000;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void write_configuration(const std::filesystem::path& file, const std::string& address) {
    std::ofstream{file}
        << R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>)"
        << address << R"(</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true"/>
    <allow receive_requested_reply="true"/>
  </policy>
</busconfig>
)";
}

/// Waits until the daemon prints its address, which it does when it listens.
bool says_that_it_listens(int pipe) {
    pollfd waited{pipe, POLLIN, 0};
    char first = 0;
    return poll(&waited, 1, start_timeout_ms) == 1 && read(pipe, &first, 1) == 1;
}

} // namespace

private_bus::private_bus() : address_("unix:path=" + (directory_.path() / "bus").string()) {
    // Clients of other users find the socket.
    std::filesystem::permissions(directory_.path(), std::filesystem::perms{0711});
    write_configuration(directory_.path() / "bus.conf", address_);
    start();
}

private_bus::~private_bus() {
    kill();
}

void private_bus::start() {
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC) != 0) {
        fail("pipe2");
    }
    // What allocates is done before the fork: the child may run nothing but system calls.
    const std::string configuration = "--config-file=" + (directory_.path() / "bus.conf").string();
    const std::string log = (directory_.path() / "bus.log").string();
    const pid_t parent = getpid();

    process_ = fork();
    if (process_ < 0) {
        fail("fork");
    }
    if (process_ == 0) {
        // It complains for nothing, of limits that a container does not let it raise.
        dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), STDERR_FILENO);
        constexpr int told = 3;           // the daemon must know the number
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes leaves nothing behind
        if (getppid() == parent &&
            (pipe[1] == told ? fcntl(told, F_SETFD, 0) : dup2(pipe[1], told)) >= 0) {
            execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--nosyslog",
                   "--print-address=3", configuration.c_str(), nullptr);
        }
        _exit(127);
    }
    close(pipe[1]);
    const bool listens = says_that_it_listens(pipe[0]);
    close(pipe[0]);
    if (!listens) {
        kill();
        std::ostringstream said;
        said << std::ifstream{log}.rdbuf();
        throw std::runtime_error("dbus-daemon does not start: " + said.str());
    }
}

void private_bus::kill() {
    if (process_ < 0) {
        return;
    }
    ::kill(process_, SIGKILL);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
}

void private_bus::restart() {
    kill();
    start();
}

void private_bus::stop_process() {
    ::kill(process_, SIGSTOP);
    // The signal is on its way when kill() returns; wait until it has come.
    while (waitpid(process_, nullptr, WUNTRACED) < 0 && errno == EINTR) {
    }
}

void private_bus::continue_process() {
    ::kill(process_, SIGCONT);
}

} // namespace loopmon::test
