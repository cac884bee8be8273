// SPDX-License-Identifier: MIT
//
// A program that waits for SIGTERM by signalfd or sigwait blocks it in all its threads; a thread
// of the library that did not would get it, and the program would end instead. So the threads of
// the library start with all signals blocked, and no handler of the program runs on them. Only the
// faults stay open: blocked, they would kill without a word from the program's crash handler.
#pragma once

#include <pthread.h>

#include <csignal>
#include <initializer_list>
#include <thread>
#include <utility>

namespace loopmon::base {

/// While it lives, the calling thread, and every thread it starts, blocks all signals but those of
/// its own faults. Must end on the thread that made it.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) {
            ::sigdelset(&all, fault);
        }
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    sigset_t before_ = {};
};

/// Starts a thread of the library. The caller's own mask is the same afterwards, whatever happens.
/// @param name at most 15 characters, for ps and debuggers; must outlive the start of the thread.
///             Where there is a /proc, the thread has it when this returns
/// @throws std::system_error without a thread
template <class F>
[[nodiscard]] std::thread quiet_thread(const char* name, F run) {
    const signals_blocked until_started;
    auto thread = std::thread([name, run = std::move(run)]() mutable {
        ::pthread_setname_np(::pthread_self(), name); // needs no /proc
        run();
    });
    ::pthread_setname_np(thread.native_handle(), name);
    return thread;
}

} // namespace loopmon::base
