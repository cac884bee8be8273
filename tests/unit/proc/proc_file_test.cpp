// SPDX-License-Identifier: MIT
#include "proc/proc_file.hpp"

#include "base/proc.hpp"
#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/descriptors.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>

#include <fcntl.h>
#include <unistd.h>

using loopmon::proc::proc_file;
using loopmon::test::temporary_directory;

TEST_CASE("proc_file: what was open is read on in an empty root, and so is what is opened there",
          "[watch]") {
    const temporary_directory empty;
    loopmon::base::keep_proc();
    const int result = loopmon::test::in_child([&empty] {
        proc_file opened("/sys/devices/system/cpu/online");
        opened.open();
        proc_file stat("/proc/self/stat");
        if (!opened.read() || !loopmon::test::enter_root(empty.path().c_str())) {
            return 77;
        }
        return opened.read() && stat.read() ? 0 : 1;
    });
    CHECK((result == 0 || result == 77)); // 77: a sandbox that does not let us
}

TEST_CASE("proc_file: a descriptor that the program closed, or reused, is opened again",
          "[watch]") {
    const temporary_directory directory;
    const auto path = (directory.path() / "file").string();
    std::ofstream(path) << "ours\n";
    const auto before = loopmon::test::open_descriptors();
    proc_file file(path);
    REQUIRE(file.read() == "ours");
    int closed = -1;
    for (const int fd : loopmon::test::open_descriptors()) {
        if (before.count(fd) == 0 && ::close(fd) == 0) {
            closed = fd;
        }
    }
    REQUIRE(closed >= 0);
    const bool reused = GENERATE(false, true);
    if (reused) {
        const auto other = (directory.path() / "other").string();
        std::ofstream(other) << "theirs\n";
        REQUIRE(::open(other.c_str(), O_RDONLY | O_CLOEXEC) == closed);
    }
    CAPTURE(reused);
    CHECK(std::string(file.read().value_or("nothing")) == "ours");
    if (reused) {
        ::close(closed);
    }
}

TEST_CASE("proc_file: absent stays absent", "[watch]") {
    const temporary_directory directory;
    const auto path = (directory.path() / "file").string();
    proc_file file(path);
    CHECK_FALSE(file.read());
    std::ofstream(path) << "late\n";
    CHECK_FALSE(file.read());
}
