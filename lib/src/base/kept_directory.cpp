// SPDX-License-Identifier: MIT
#include "base/kept_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace loopmon::base {

namespace {

constexpr mode_t file_mode = 0640; // less what the umask takes

/// It was removed; what is under its path now is another one.
bool is_removed(int directory) noexcept {
    struct stat is {};
    return ::fstat(directory, &is) == 0 && is.st_nlink == 0;
}

} // namespace

kept_directory::kept_directory(std::string path) : path_(std::move(path)) {
    (void)get();
}

int kept_directory::get() noexcept {
    if (!directory_.intact() || is_removed(directory_.get())) {
        directory_ = kept_fd(
            ::open(path_.empty() ? "." : path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
    return directory_.get();
}

int kept_directory::open(const std::string& name, int flags) noexcept {
    const std::lock_guard lock(mutex_);
    const int directory = get();
    const int opened = directory < 0
                           ? -1
                           : ::openat(directory, name.c_str(),
                                      flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, file_mode);
    if (opened >= 0) { // only the opening must not wait
        (void)::fcntl(opened, F_SETFL, flags & O_APPEND);
    }
    return opened;
}

bool kept_directory::rename(const std::string& from, const std::string& to) noexcept {
    const std::lock_guard lock(mutex_);
    const int directory = get();
    return directory >= 0 && ::renameat(directory, from.c_str(), directory, to.c_str()) == 0;
}

void kept_directory::sync() noexcept {
    const std::lock_guard lock(mutex_);
    if (const int directory = get(); directory >= 0) {
        (void)::fsync(directory);
    }
}

int kept_directory::problem() noexcept {
    const std::lock_guard lock(mutex_);
    const int directory = get();
    return directory >= 0 && ::faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

} // namespace loopmon::base
