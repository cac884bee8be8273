// SPDX-License-Identifier: MIT
#pragma once

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loopmon::test {

/// Runs `part` in a forked child. For tests of what a process does to itself for good.
/// @return its result, 0..255; negative: a signal ended it
template <class Part>
int in_child(Part part) {
    const auto child = ::fork();
    if (child == 0) {
        ::_exit(part());
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Changes the root of this process to `directory`, as root or in a user namespace of its own.
/// @return whether that is possible here
inline bool enter_root(const char* directory) {
    return (::chroot(directory) == 0 ||
            (::unshare(CLONE_NEWUSER) == 0 && ::chroot(directory) == 0)) &&
           ::chdir("/") == 0;
}

} // namespace loopmon::test
