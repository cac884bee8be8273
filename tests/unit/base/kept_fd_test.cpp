// SPDX-License-Identifier: MIT
#include "base/kept_fd.hpp"

#include "support/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

using loopmon::base::kept_fd;

namespace {

int open_null() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

} // namespace

TEST_CASE("kept_fd: is closed with its owner, and moves") {
    int number = -1;
    {
        kept_fd first(open_null());
        number = first.get();
        kept_fd second;
        CHECK_FALSE(second.intact());
        second = std::move(first);
        CHECK(second.intact());
        CHECK_FALSE(first.intact());
        second = kept_fd(open_null());
        CHECK_FALSE(is_open(number));
        number = second.get();
    }
    CHECK_FALSE(is_open(number));
}

TEST_CASE("kept_fd: one that the program closed and uses for a file of its own is left alone") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    {
        const kept_fd kept(open_null());
        REQUIRE(kept.intact());
        ::close(kept.get());
        CHECK_FALSE(kept.intact());
        REQUIRE(::dup2(ends[0], kept.get()) == kept.get()); // the number is in use again
        CHECK_FALSE(kept.intact());
        ::close(ends[0]);
        ends[0] = kept.get();
    }
    CHECK(is_open(ends[0]));
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("kept_fd: the same file opened again under the number that the program closed is kept") {
    kept_fd kept(open_null());
    ::close(kept.get());
    const int again = open_null();
    REQUIRE(again == kept.get());
    kept = kept_fd(again);
    CHECK(kept.intact());
    CHECK(is_open(again));
}

TEST_CASE("kept_fd: never one of the standard streams") {
    const int saved = ::dup(STDIN_FILENO);
    ::close(STDIN_FILENO);
    {
        const kept_fd kept(open_null()); // open(2) takes the lowest number
        CHECK(kept.get() > STDERR_FILENO);
        CHECK_FALSE(is_open(STDIN_FILENO));
    }
    ::dup2(saved, STDIN_FILENO);
    ::close(saved);
}
