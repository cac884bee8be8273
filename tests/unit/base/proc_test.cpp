// SPDX-License-Identifier: MIT
#include "base/proc.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/descriptors.hpp"
#include "support/temporary_directory.hpp"

#include <string>

#include <fcntl.h>
#include <unistd.h>

using namespace loopmon::base;
using loopmon::test::enter_root;
using loopmon::test::in_child;

namespace {

constexpr int impossible = 77; // to chroot, in a sandbox

bool reads_itself() {
    return read_proc("self/stat").substr(0, read_proc("self/stat").find(' ')) ==
           std::to_string(::getpid());
}

} // namespace

TEST_CASE("proc: is read also from an empty root") {
    const loopmon::test::temporary_directory empty;
    keep_proc();
    const int result = in_child([&empty] {
        if (!enter_root(empty.path().c_str())) {
            return impossible;
        }
        return ::access("/proc", F_OK) != 0 && reads_itself() && read_proc_link("self/root") == "/"
                   ? 0
                   : 1;
    });
    CHECK((result == 0 || result == impossible));
}

TEST_CASE("proc: is opened again if the program has closed what it did not open") {
    keep_proc();
    CHECK(in_child([] {
              for (const int fd : loopmon::test::open_descriptors()) {
                  if (fd > STDERR_FILENO) {
                      ::close(fd);
                  }
              }
              const int reused = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
              return reused >= 0 && reads_itself() ? 0 : 1;
          }) == 0);
}

TEST_CASE("proc: what is not there reads as empty") {
    CHECK(read_proc("self/nothing").empty());
    CHECK(read_proc_link("self/nothing").empty());
    CHECK(open_proc("self/nothing", O_RDONLY) < 0);
}
