// SPDX-License-Identifier: MIT
#include "watch/self_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace loopmon::watch {

self_memory::self_memory() noexcept : fd_(open("/proc/self/mem", O_RDONLY | O_CLOEXEC)) {}

self_memory::~self_memory() {
    if (fd_ >= 0) {
        close(fd_);
    }
}

bool self_memory::read(std::uintptr_t address, void* into, std::size_t size) const noexcept {
    return fd_ >= 0 &&
           pread64(fd_, into, size, static_cast<off64_t>(address)) == static_cast<ssize_t>(size);
}

} // namespace loopmon::watch
