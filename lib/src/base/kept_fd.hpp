// SPDX-License-Identifier: MIT
//
// A descriptor that is opened once and kept, in a program that we do not know. What was opened
// before a chroot, a change of the mount namespace or a mount over /proc still works after it; what
// is looked up by path then does not. But the program may close what it did not open (a daemon that
// calls closefrom(3)), and the number may be given to a file of its own, which must get neither our
// text nor our close(). So a descriptor is compared with what it was, by device and inode, before
// each use; the rest is a race of microseconds with a program that closes at that moment.
#pragma once

#include <sys/types.h>

namespace loopmon::base {

class kept_fd {
public:
    kept_fd() noexcept = default;
    /// @param opened is taken over; negative: none
    explicit kept_fd(int opened) noexcept;
    kept_fd(kept_fd&& from) noexcept;
    kept_fd& operator=(kept_fd&& from) noexcept;
    /// Closes what is still ours.
    ~kept_fd();

    /// What get() returns is what was opened.
    [[nodiscard]] bool intact() const noexcept;
    /// Negative: none.
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_ = -1;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

} // namespace loopmon::base
