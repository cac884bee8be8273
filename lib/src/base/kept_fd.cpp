// SPDX-License-Identifier: MIT
#include "base/kept_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace loopmon::base {

namespace {

/// Not one of the standard streams, which a program that becomes a daemon puts something else on.
int beyond_streams(int opened) noexcept {
    if (opened < 0 || opened > STDERR_FILENO) {
        return opened;
    }
    const int moved = ::fcntl(opened, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    ::close(opened);
    return moved;
}

} // namespace

kept_fd::kept_fd(int opened) noexcept : fd_(beyond_streams(opened)) {
    struct stat is {};
    if (fd_ >= 0 && ::fstat(fd_, &is) == 0) {
        device_ = is.st_dev;
        inode_ = is.st_ino;
    }
}

kept_fd::kept_fd(kept_fd&& from) noexcept
    : fd_(std::exchange(from.fd_, -1)), device_(from.device_), inode_(from.inode_) {}

kept_fd& kept_fd::operator=(kept_fd&& from) noexcept {
    if (&from != this &&
        fd_ == from.fd_) { // the same file, opened again under the number that the program closed
        fd_ = -1;
    }
    kept_fd old(std::move(from));
    std::swap(fd_, old.fd_);
    std::swap(device_, old.device_);
    std::swap(inode_, old.inode_);
    return *this;
}

kept_fd::~kept_fd() {
    if (intact()) {
        ::close(fd_);
    }
}

bool kept_fd::intact() const noexcept {
    struct stat is {};
    return fd_ >= 0 && ::fstat(fd_, &is) == 0 && is.st_dev == device_ && is.st_ino == inode_;
}

} // namespace loopmon::base
