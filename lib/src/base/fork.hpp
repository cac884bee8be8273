// SPDX-License-Identifier: MIT
//
// A child of fork() has one thread, and descriptors that are its parent's too. What belongs to
// other threads finds out here that it is in a child; and a socket whose end the peer must see is
// closed there, or the peer would see it only when the child has ended, too.
#pragma once

#include <cstdint>

namespace loopmon::base {

/// Differs between a parent and its child, if it was called in the parent before.
[[nodiscard]] std::uint32_t forks() noexcept;

/// Names a descriptor that a child of fork() closes at once, by close(2) alone. A child by vfork()
/// or posix_spawn() does not; it is about to exec.
class closed_in_child {
public:
    closed_in_child() noexcept = default;
    closed_in_child(const closed_in_child&) = delete;
    closed_in_child& operator=(const closed_in_child&) = delete;
    ~closed_in_child() { clear(); }

    /// One at a time. If the number is given to another file meanwhile, the child leaves it alone.
    /// There are as many places as any process needs; without one, nothing happens.
    void set(int descriptor) noexcept;
    void clear() noexcept;

private:
    int place_ = -1;
};

} // namespace loopmon::base
