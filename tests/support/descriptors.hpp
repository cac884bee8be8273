// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include <fcntl.h>

namespace loopmon::test {

/// The numbers of the descriptors of this process.
inline std::set<int> open_descriptors() {
    std::set<int> out;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        out.insert(std::stoi(entry.path().filename()));
    }
    std::erase_if(out, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; }); // that of the listing
    return out;
}

} // namespace loopmon::test
