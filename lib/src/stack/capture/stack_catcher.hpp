// SPDX-License-Identifier: MIT
//
// Takes the stack of a thread while it is stuck. The program must not notice, and one that blocks
// in poll, nanosleep, or a socket with a timeout would: a signal ends those calls early, with EINTR
// (signal(7)). So there are two ways; symbols are looked up later, on the watcher's side:
//
//   asleep, in a call or for a page    it is read from outside (stack_walk); no signal
//   on a CPU                           it is interrupted by a real-time signal, unwinds itself in
//                                      the handler (stack_handler) and goes on
//
// Between the look and the signal a thread may enter a call. That takes microseconds, so only one
// that computes is signalled: one that has not slept since the last look, or not for some time that
// it was seen to run. If a call was met nevertheless, the remark says so.
//
// Where a stack cannot be read from outside to its end (other processors; a frame that depends on
// registers which only the thread itself has), the signal goes into calls that it does not disturb
// (restartable_call), and into no others.
#pragma once

#include "stack/capture/captured_stack.hpp"
#include "stack/capture/stack_reader.hpp"
#include "stack/capture/stack_signal.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace loopmon::stack {

class stack_request;

/// That a thread was awake at some time, and how often it had gone to sleep by then: with the same
/// number later, it has been awake all the time.
struct seen_awake {
    std::chrono::steady_clock::time_point when;
    std::uint64_t sleeps = 0;
};
/// Nothing for a thread that sleeps at this moment.
[[nodiscard]] std::optional<seen_awake> look_whether_awake(pid_t tid);

class stack_catcher {
public:
    /// How long capture() waits for the signal to be taken, or for a sleeper to be read: either
    /// takes microseconds. A machine short of CPU needs a time slice or some; one that is short of
    /// memory or has lost its disk may take forever, and the other loops must still be watched.
    static constexpr auto timeout = std::chrono::milliseconds(50);

    /// Programs count theirs up from SIGRTMIN, tools (valgrind) take the last one. Signals of this
    /// number that others send are ignored while a catcher lives.
    static int default_signal() noexcept { return SIGRTMAX - 4; }

    /// @param signal a real-time signal; 0 switches stacks off
    explicit stack_catcher(int signal = default_signal());

    /// Why no thread will be signalled, for the log: those that compute will have no stack. Empty
    /// if all is well or stacks are off.
    [[nodiscard]] const std::string& problem() const noexcept { return signal_.problem(); }

    /// The stack of a thread of this process. Waits `timeout` for it at most (and as long again if
    /// the thread is interrupted by others while it unwinds), and not at all for a signal that the
    /// thread blocks. One caller at a time for each catcher; never call it for the calling thread
    /// itself.
    /// @param still_same whether the thread still runs the handler that is to be caught; asked
    ///        before and after, on the calling thread. It must not give the same answer for another
    ///        run of the same handler, i.e. compares sequence numbers.
    /// @param earlier an earlier look, if the thread was awake then
    [[nodiscard]] captured_stack capture(pid_t tid, const std::function<bool()>& still_same,
                                         const std::optional<seen_awake>& earlier = {});

private:
    /// @param obstacle why the thread cannot be signalled; empty if it can
    [[nodiscard]] captured_stack pursue(pid_t tid, const std::string& obstacle,
                                        const std::optional<seen_awake>& earlier);
    /// Of a thread that sleeps; nothing if it has woken up.
    [[nodiscard]] std::optional<captured_stack> read(pid_t tid, const std::string& obstacle);
    [[nodiscard]] captured_stack interrupt(pid_t tid);
    [[nodiscard]] captured_stack take(pid_t tid, stack_request& request, std::uint32_t index);
    /// Why the thread would not take the signal if it were sent now; empty if nothing is known.
    [[nodiscard]] std::string why_not_asked(pid_t tid) const;
    [[nodiscard]] std::string why_not_taken(pid_t tid) const;
    [[nodiscard]] bool blocks(pid_t tid) const;
    [[nodiscard]] std::string blocked_text() const;

    stack_reader reader_;
    stack_signal signal_;
    pid_t answered_ = 0; ///< the thread that took the last signal
};

} // namespace loopmon::stack
