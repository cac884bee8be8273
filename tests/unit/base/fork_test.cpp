// SPDX-License-Identifier: MIT
#include "base/fork.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"

#include <array>

#include <fcntl.h>
#include <unistd.h>

using loopmon::base::closed_in_child;
using loopmon::base::forks;
using loopmon::test::in_child;

namespace {

bool is_open(int descriptor) {
    return ::fcntl(descriptor, F_GETFD) >= 0;
}

/// Two ends of a pipe.
struct two_files {
    two_files() { REQUIRE(::pipe(ends.data()) == 0); }
    two_files(const two_files&) = delete;
    two_files& operator=(const two_files&) = delete;
    ~two_files() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::array<int, 2> ends{};
};

} // namespace

TEST_CASE("fork: a child, and its child, know that they are not their parent") {
    const auto here = forks();
    CHECK(in_child([here] {
              const auto there = forks();
              return there != here && in_child([there] { return forks() != there ? 1 : 0; }) == 1;
          }) == 1);
    CHECK(forks() == here);
}

TEST_CASE("fork: what is named is closed in the child, and only there") {
    const two_files files;
    closed_in_child first;
    first.set(files.ends[0]);
    CHECK(in_child([&] { return !is_open(files.ends[0]) && is_open(files.ends[1]); }) == 1);
    CHECK(is_open(files.ends[0]));
    first.set(files.ends[1]); // one at a time
    CHECK(in_child([&] { return is_open(files.ends[0]) && !is_open(files.ends[1]); }) == 1);
    first.clear();
    CHECK(in_child([&] { return is_open(files.ends[0]) && is_open(files.ends[1]); }) == 1);
}

TEST_CASE("fork: a number that was given to another file stays open") {
    const two_files files;
    const two_files others;
    closed_in_child named;
    named.set(files.ends[0]);
    REQUIRE(::dup2(others.ends[0], files.ends[0]) == files.ends[0]);
    CHECK(in_child([&] { return is_open(files.ends[0]); }) == 1);
}

TEST_CASE("fork: more names than places, and no file at all, do no harm") {
    const two_files files;
    std::array<closed_in_child, 64> many;
    for (auto& each : many) {
        each.set(files.ends[0]);
    }
    closed_in_child none;
    none.set(-1);
    CHECK(in_child([&] { return !is_open(files.ends[0]) && is_open(files.ends[1]); }) == 1);
}
