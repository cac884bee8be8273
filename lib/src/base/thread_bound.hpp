// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>

#if !defined(NDEBUG)
#include <atomic>

#include <unistd.h>
#endif

namespace loopmon::base {

/// Asserts, in debug builds, that the members of an object are used by one thread: the first that
/// uses one. What a constructor does may be done elsewhere.
class thread_bound {
public:
    void check() const noexcept {
#if !defined(NDEBUG)
        const auto self = ::gettid();
        pid_t nobody = 0;
        if (!thread_.compare_exchange_strong(nobody, self, std::memory_order_relaxed)) {
            assert(nobody == self);
        }
#endif
    }

private:
#if !defined(NDEBUG)
    mutable std::atomic<pid_t> thread_{0};
#endif
};

} // namespace loopmon::base
