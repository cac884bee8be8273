// SPDX-License-Identifier: MIT
//
// Takes the stack of a thread while it is stuck. The thread is interrupted by a real-time signal,
// unwinds itself in the handler (stack_handler) and goes on; symbols are looked up later, on the
// watcher's side.
//
// What the program may notice. A system call that the signal interrupts is restarted (SA_RESTART),
// but some are never restarted by Linux and fail with EINTR, as they do for any other signal:
// nanosleep, clock_nanosleep, usleep; poll, ppoll, select, pselect, epoll_wait, epoll_pwait;
// sigwaitinfo, sigtimedwait; msgrcv, msgsnd, semop, semtimedop; io_getevents; socket calls with
// SO_RCVTIMEO or SO_SNDTIMEO set; sleep returns early. This happens only on a thread that is stuck
// at that very moment, at most once for each report of a stall; asio and the C++ library retry
// (std::this_thread::sleep_for does). A program that cannot have it switches stacks off: signal 0.
#pragma once

#include "watch/captured_stack.hpp"
#include "watch/stack_signal.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string>

namespace loopmon::watch {

class stack_request;

class stack_catcher {
public:
    /// How long capture() waits for the thread. A thread that runs, or waits interruptibly, takes
    /// the signal within microseconds, a machine short of CPU needs a time slice or some; one in
    /// uninterruptible sleep may take forever, and the other loops want to be watched.
    static constexpr auto timeout = std::chrono::milliseconds(50);

    /// Programs count theirs up from SIGRTMIN, tools (valgrind) take the last one. Signals of this
    /// number that others send are ignored while a catcher lives.
    static int default_signal() noexcept { return SIGRTMAX - 4; }

    /// @param signal a real-time signal; 0 switches stacks off
    explicit stack_catcher(int signal = default_signal()) : signal_(signal) {}

    /// Why every capture() will fail, for the log; empty if all is well or stacks are off.
    [[nodiscard]] const std::string& problem() const noexcept { return signal_.problem(); }

    /// The stack of a thread of this process. Waits `timeout` for it at most (and as long again if
    /// the thread is interrupted by others while it unwinds), and not at all for a thread that
    /// blocks the signal. One caller at a time for each
    /// catcher; never call it for the calling thread itself.
    /// @param still_same whether the thread still runs the handler that is to be caught; asked
    ///        before and after, on the calling thread. It must not give the same answer for another
    ///        run of the same handler, i.e. compares sequence numbers.
    [[nodiscard]] captured_stack capture(pid_t tid, const std::function<bool()>& still_same);

private:
    [[nodiscard]] captured_stack take(pid_t tid, stack_request& request, std::uint32_t index);
    /// Why the thread would not take the signal if it were sent now; empty if nothing is known.
    [[nodiscard]] std::string why_not_asked(pid_t tid) const;
    [[nodiscard]] std::string why_not_taken(pid_t tid) const;
    [[nodiscard]] bool blocks(pid_t tid) const;
    [[nodiscard]] std::string blocked_text() const;

    stack_signal signal_;
    pid_t answered_ = 0; ///< the thread that took the last signal
};

} // namespace loopmon::watch
