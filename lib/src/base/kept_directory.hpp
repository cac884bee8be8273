// SPDX-License-Identifier: MIT
#pragma once

#include "base/kept_fd.hpp"

#include <mutex>
#include <string>

namespace loopmon::base {

/// A directory whose files can still be reached where its path cannot be seen any more. Opened
/// again by path if the program has closed it, or if another one has taken its place. Thread-safe.
class kept_directory {
public:
    explicit kept_directory(std::string path);

    /// @return a descriptor that is the caller's, or -1 and errno. Does not wait for the other end
    ///         of a pipe.
    [[nodiscard]] int open(const std::string& name, int flags) noexcept;
    /// @return whether it was done; else errno
    [[nodiscard]] bool rename(const std::string& from, const std::string& to) noexcept;
    /// Some file systems cannot sync a directory.
    void sync() noexcept;
    /// @return 0 if files can be made in it, else an errno
    [[nodiscard]] int problem() noexcept;

private:
    int get() noexcept;

    const std::string path_;
    std::mutex mutex_;
    kept_fd directory_;
};

} // namespace loopmon::base
