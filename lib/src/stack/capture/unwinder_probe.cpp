// SPDX-License-Identifier: MIT
//
// Version numbers do not help: the C library, libgcc and the compiler are three, and a program may
// have been linked with -static-libgcc. So one thread holds the lock (dl_iterate_phdr holds it
// while it calls back) and another unwinds. Seen to be lock-free: glibc 2.36 with libgcc 12, glibc
// 2.41 with libgcc 14.
#include "stack/capture/unwinder_probe.hpp"

#include "base/quiet_thread.hpp"
#include "stack/capture/stack_handler.hpp"

#include <chrono>
#include <condition_variable>
#include <features.h>
#include <link.h>
#include <memory>
#include <mutex>
#include <system_error>

namespace loopmon::stack {

namespace {

/// Far longer than unwinding takes on a machine that is out of breath; only a no costs this much.
constexpr auto probe_timeout = std::chrono::milliseconds(500);

struct meeting {
    std::mutex mutex;
    std::condition_variable changed;
    bool ready = false;
    bool locked = false;
    bool unwound = false;

    void set(bool meeting::*flag) {
        {
            const std::lock_guard lock(mutex);
            this->*flag = true;
        }
        changed.notify_all();
    }
    void wait(bool meeting::*flag) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this, flag] { return this->*flag; });
    }
};

int while_locked(dl_phdr_info* /*module*/, std::size_t /*size*/, void* argument) {
    auto& with = *static_cast<meeting*>(argument);
    with.set(&meeting::locked);
    std::unique_lock lock(with.mutex);
    return with.changed.wait_for(lock, probe_timeout, [&with] { return with.unwound; }) ? 1 : 2;
}

bool probe() {
    meeting with;
    auto other = base::quiet_thread("loopmon-probe", [&with] {
        stack_request::result stack;
        take_stack(nullptr, stack); // the first time may lock, and is allowed to
        with.set(&meeting::ready);
        with.wait(&meeting::locked);
        take_stack(nullptr, stack);
        with.set(&meeting::unwound);
    });
    with.wait(&meeting::ready);
    const int answer = dl_iterate_phdr(while_locked, &with);
    other.join();
    return answer == 1;
}

} // namespace

bool unwinds_without_loader_lock() {
#if defined(__GLIBC__) && defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
    static const bool answer = [] {
        try {
            return probe();
        } catch (const std::system_error&) {
            return false; // no thread to be had: then rather no stacks
        }
    }();
    return answer;
#endif
#endif
    // Older, or not glibc: the lock is shared there for readers, and the probe would see nothing.
    return false;
}

} // namespace loopmon::stack
