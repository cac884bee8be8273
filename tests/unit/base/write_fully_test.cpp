// SPDX-License-Identifier: MIT
#include "base/write_fully.hpp"

#include "support/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

using loopmon::base::write_fully;

TEST_CASE("write_fully: what cannot be written is said, with the reason", "[report]") {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    CHECK(write_fully(full, ""));
    CHECK_FALSE(write_fully(full, "x"));
    CHECK(errno == ENOSPC);
    ::close(full);
}
