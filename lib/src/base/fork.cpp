// SPDX-License-Identifier: MIT
#include "base/fork.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace loopmon::base {

namespace {

std::atomic<std::uint32_t> count{0};

struct entry {
    std::atomic<bool> taken{false};
    std::atomic<int> descriptor{-1}; ///< stored last
    std::atomic<dev_t> device{0};
    std::atomic<ino_t> inode{0};
};

// A connection has two, and a process rarely more than one monitor.
constinit std::array<entry, 16> entries{};

/// In the child, on its only thread; async-signal-safe.
void forked() noexcept {
    count.fetch_add(1, std::memory_order_relaxed);
    for (auto& each : entries) {
        const int descriptor = each.descriptor.exchange(-1);
        struct stat is {};
        if (descriptor >= 0 && ::fstat(descriptor, &is) == 0 && is.st_dev == each.device &&
            is.st_ino == each.inode) {
            ::close(descriptor);
        }
    }
}

} // namespace

std::uint32_t forks() noexcept {
    // Fails for want of memory only; a child is then taken for its parent.
    [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, nullptr, &forked);
    return count.load(std::memory_order_relaxed);
}

void closed_in_child::set(int descriptor) noexcept {
    clear();
    struct stat is {};
    if (descriptor < 0 || ::fstat(descriptor, &is) != 0) {
        return;
    }
    static_cast<void>(forks()); // installs the handler
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& free = entries[i];
        if (!free.taken.exchange(true)) {
            free.device = is.st_dev;
            free.inode = is.st_ino;
            free.descriptor = descriptor;
            place_ = static_cast<int>(i);
            return;
        }
    }
}

void closed_in_child::clear() noexcept {
    if (place_ >= 0) {
        auto& ours = entries[static_cast<std::size_t>(place_)];
        ours.descriptor = -1;
        ours.taken = false;
        place_ = -1;
    }
}

} // namespace loopmon::base
