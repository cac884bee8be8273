// SPDX-License-Identifier: MIT
#include "base/proc.hpp"

#include "base/kept_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <new>

namespace loopmon::base {

namespace {

struct proc_directory {
    std::mutex mutex;
    kept_fd directory;

    /// Opens it again if the program has closed it.
    int get() noexcept {
        if (!directory.intact()) {
            directory = kept_fd(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
        }
        return directory.get();
    }
};

/// Never destroyed: a watcher thread may outlive the end of main().
proc_directory& proc() noexcept {
    alignas(proc_directory) static std::array<std::byte, sizeof(proc_directory)> storage;
    static auto& kept = *new (storage.data()) proc_directory;
    return kept;
}

/// A zero-terminated path without an allocation.
class short_path {
public:
    explicit short_path(std::string_view text) noexcept {
        std::copy_n(text.data(), std::min(text.size(), bytes_.size() - 1), bytes_.data());
    }
    [[nodiscard]] const char* c_str() const noexcept { return bytes_.data(); }

private:
    std::array<char, 128> bytes_{}; // the longest is "self/task/TID/schedstat"
};

} // namespace

void keep_proc() noexcept {
    const std::lock_guard lock(proc().mutex);
    (void)proc().get();
}

int open_proc(std::string_view below, int flags) noexcept {
    const std::lock_guard lock(proc().mutex);
    const int directory = proc().get();
    return directory < 0 ? directory
                         : ::openat(directory, short_path(below).c_str(), flags | O_CLOEXEC);
}

std::string read_proc(std::string_view below) {
    const kept_fd file(open_proc(below, O_RDONLY));
    std::string text;
    std::array<char, 4096> part{};
    while (file.get() >= 0) {
        const auto length = ::read(file.get(), part.data(), part.size());
        if (length > 0) {
            text.append(part.data(), static_cast<std::size_t>(length));
        } else if (length == 0 || errno != EINTR) {
            break;
        }
    }
    return text;
}

std::string read_proc_link(std::string_view below) {
    const std::lock_guard lock(proc().mutex);
    std::array<char, 255> target{};
    const int directory = proc().get();
    const auto length = directory < 0 ? -1
                                      : ::readlinkat(directory, short_path(below).c_str(),
                                                     target.data(), target.size());
    return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length))
                      : std::string();
}

} // namespace loopmon::base
