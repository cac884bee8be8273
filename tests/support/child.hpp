// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loopmon::test {

/// Of AddressSanitizer's own locks the child of a program with threads gets a copy, taken or not,
/// and may wait for one for good: such a child is started again.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr int children_at_most = 3;
#else
inline constexpr int children_at_most = 1;
#endif

/// A child that hangs ends with the test, whose limit is 120 s.
inline constexpr unsigned seconds_of_child = 30;

/// Runs `part` in a forked child. For tests of what a process does to itself for good.
/// @return its result, 0..255; negative: a signal ended it
template <class Part>
int in_child(Part part) {
    int status = -1;
    for (int i = 0; i < children_at_most; ++i) {
        const auto child = ::fork();
        if (child == 0) {
            ::alarm(seconds_of_child);
            ::_exit(part());
        }
        ::waitpid(child, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM) {
            break;
        }
    }
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
