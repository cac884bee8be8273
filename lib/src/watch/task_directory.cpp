// SPDX-License-Identifier: MIT
#include "watch/task_directory.hpp"

#include <array>
#include <cerrno>
#include <mutex>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace loopmon::watch {

namespace {

/// A program that closes all descriptors it does not know closes this one, too, and may have its
/// number for another file then; a child of fork() has the directory of its parent.
class kept_directory {
public:
    int get() {
        const std::lock_guard lock(mutex_);
        if (!is_still_it()) {
            open();
        }
        return fd_;
    }

private:
    bool is_still_it() const {
        struct stat now = {};
        return fd_ >= 0 && owner_ == getpid() && fstat(fd_, &now) == 0 &&
               now.st_dev == is_.st_dev && now.st_ino == is_.st_ino;
    }
    void open() {
        // What had the number of ours before is not ours to close.
        const int fd = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        fd_ = fd >= 0 && fstat(fd, &is_) == 0 ? fd : -1;
        owner_ = getpid();
    }

    std::mutex mutex_;
    int fd_ = -1;
    pid_t owner_ = 0;
    struct stat is_ = {};
};

kept_directory& directory() {
    static kept_directory kept;
    return kept;
}

} // namespace

void keep_task_directory() {
    (void)directory().get();
}

task_text read_task_file(pid_t tid, const char* name) {
    const int within = directory().get();
    if (within < 0) {
        return {{}, EACCES};
    }
    const auto path = std::to_string(tid) + "/" + name;
    const int fd = openat(within, path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return {{}, errno};
    }
    std::array<char, 4096> text{}; // `status`, the longest that is read, has 1.5 KB
    const auto length = ::read(fd, text.data(), text.size());
    const int error = length < 0 ? errno : 0;
    close(fd);
    task_text out{{text.data(), static_cast<std::size_t>(length < 0 ? 0 : length)}, error};
    if (!out.text.empty() && out.text.back() == '\n') {
        out.text.pop_back();
    }
    return out;
}

} // namespace loopmon::watch
