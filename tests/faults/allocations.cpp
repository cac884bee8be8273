// SPDX-License-Identifier: MIT
//
// The C library's allocator, with failures on the threads of the monitor, which are known by their
// names. Operator new and libsystemd come by here, too. A program may define these functions itself
// (glibc manual, "Replacing malloc"); what they fall back on has these other names.
#include "faults/allocations.hpp"

#include <sys/prctl.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>

extern "C" { // NOLINTBEGIN(readability-identifier-naming): the C library's
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
} // NOLINTEND(readability-identifier-naming)

namespace {

constinit std::atomic<unsigned> failing_nth{0};
constinit std::atomic<unsigned> seen{0};
constinit std::atomic<unsigned long> failed{0};

bool is_of_the_monitor() {
    std::array<char, 16> name{};
    ::prctl(PR_GET_NAME, name.data());
    return std::strncmp(name.data(), "loopmon", 7) == 0;
}

bool fails() {
    const auto nth = failing_nth.load(std::memory_order_relaxed);
    if (nth == 0 || !is_of_the_monitor() || ++seen % nth != 0) {
        return false;
    }
    ++failed;
    errno = ENOMEM;
    return true;
}

} // namespace

extern "C" {
void* malloc(std::size_t size) {
    return fails() ? nullptr : __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    return fails() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
    return fails() ? nullptr : __libc_realloc(old, size);
}
}

namespace faults {

void fail_every(unsigned nth) {
    failing_nth = nth;
}
unsigned long failed_allocations() {
    return failed;
}

} // namespace faults
