// SPDX-License-Identifier: MIT
#include "base/unix_datagrams.hpp"

#include "support/catch.hpp"
#include "support/descriptors.hpp"
#include "support/notify_socket.hpp"

#include <cerrno>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <unistd.h>

using namespace std::chrono_literals;
using loopmon::base::unix_datagrams;
using loopmon::test::notify_socket;

namespace {

int send(unix_datagrams& to, std::string text) {
    const iovec whole{text.data(), text.size()};
    return to.send({&whole, 1});
}

} // namespace

TEST_CASE("unix_datagrams: reaches a socket whose path cannot be seen any more") {
    notify_socket other;
    unix_datagrams to(other.path());
    std::filesystem::remove(other.path());
    CHECK(send(to, "heard") == 0);
    CHECK(other.receive() == "heard");
}

TEST_CASE("unix_datagrams: connects again if the program has closed its descriptor") {
    notify_socket other;
    const auto before = loopmon::test::open_descriptors();
    unix_datagrams to(other.path());
    int closed = -1; // the directory that is being listed has a descriptor, too
    for (const int fd : loopmon::test::open_descriptors()) {
        if (before.count(fd) == 0 && ::close(fd) == 0) {
            closed = fd;
        }
    }
    REQUIRE(closed >= 0);
    const bool reused = GENERATE(false, true);
    if (reused) {
        REQUIRE(::open("/dev/null", O_WRONLY | O_CLOEXEC) == closed);
    }
    CHECK(send(to, "heard") == 0);
    CHECK(other.receive() == "heard");
    if (reused) {
        ::close(closed);
    }
}

TEST_CASE("unix_datagrams: connects again if the other end has bound a new socket") {
    notify_socket other;
    unix_datagrams to(other.path());
    other.rebind();
    CHECK(send(to, "heard") == 0);
    CHECK(other.receive() == "heard");
}

TEST_CASE("unix_datagrams: nobody at the address is an error, and is asked again the next time") {
    notify_socket other;
    unix_datagrams nobody("");
    CHECK(send(nobody, "x") == EDESTADDRREQ);
    const auto moved = other.path() + ".moved";
    std::filesystem::rename(other.path(), moved);
    unix_datagrams late(other.path());
    CHECK(send(late, "x") == ENOENT);
    std::filesystem::rename(moved, other.path());
    CHECK(send(late, "heard") == 0);
    CHECK(other.receive() == "heard");
}

TEST_CASE("unix_datagrams: does not wait for ever for an end that takes nothing") {
    notify_socket other;
    unix_datagrams to(other.path(), 10ms);
    int error = 0;
    for (int i = 0; i < 100'000 && error == 0; ++i) {
        error = send(to, "x");
    }
    CHECK(error == EAGAIN);
}
