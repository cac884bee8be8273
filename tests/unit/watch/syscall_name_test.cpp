// SPDX-License-Identifier: MIT
#include "watch/syscall_name.hpp"

#include "support/catch.hpp"

#include <array>
#include <string>

#include <sys/syscall.h>
#include <unistd.h>

using loopmon::watch::blocked_call;
using loopmon::watch::syscall_name;
using loopmon::watch::syscall_text;
using loopmon::watch::thread_snapshot;

namespace {

std::string text_of(long number, unsigned long first = 0) {
    thread_snapshot seen;
    seen.call = blocked_call{number, first};
    return syscall_text(seen);
}

} // namespace

TEST_CASE("syscall_name: knows the calls of the target", "[watch]") {
    CHECK(syscall_name(SYS_read) == "read");
    CHECK(syscall_name(SYS_openat) == "openat");
    CHECK(syscall_name(SYS_futex) == "futex");
    CHECK(syscall_name(SYS_clock_nanosleep) == "clock_nanosleep");
}

TEST_CASE("syscall_name: a number without a name is shown as a number", "[watch]") {
    CHECK(syscall_name(999'999).empty());
    CHECK(syscall_name(-1).empty());
    CHECK(text_of(999'999) == "syscall 999999");
}

TEST_CASE("syscall_text: says what a call waits on", "[watch]") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    CHECK_THAT(text_of(SYS_read, static_cast<unsigned long>(ends[0])),
               Catch::ContainsSubstring("read on pipe:["));
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(text_of(SYS_read, static_cast<unsigned long>(ends[0])) ==
          "read on descriptor " + std::to_string(ends[0]));
}

TEST_CASE("syscall_text: an argument that is no descriptor is not taken for one", "[watch]") {
    CHECK(text_of(SYS_futex, 1) == "futex");
    CHECK(text_of(SYS_openat, 1) == "openat");
}

TEST_CASE("syscall_text: nothing for a thread that is in no call", "[watch]") {
    thread_snapshot seen;
    CHECK(syscall_text(seen).empty());
    seen.faulting = true;
    CHECK(syscall_text(seen) == "page fault");
}
