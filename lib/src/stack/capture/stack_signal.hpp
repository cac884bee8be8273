// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <system_error>

#include <sys/types.h>

namespace loopmon::stack {

/// The right to interrupt threads by one signal. The handler of a signal belongs to the whole
/// process, so those who name the same signal share it; the last one gives it back.
class stack_signal {
public:
    /// Installs the handler, unless the program uses that signal already: nothing is overwritten.
    /// @param number a real-time signal, or 0 for none. Every other one has a meaning of its own,
    ///        and is lost if it is sent twice.
    explicit stack_signal(int number);
    /// Restores what was there, unless somebody else has replaced our handler since. Signals still
    /// on their way are discarded: by default they would end the process.
    ~stack_signal();
    stack_signal(const stack_signal&) = delete;
    stack_signal& operator=(const stack_signal&) = delete;

    [[nodiscard]] int number() const noexcept { return number_; }
    /// Why it cannot be used; empty if it can.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    /// The handler is still ours.
    [[nodiscard]] bool intact() const noexcept;
    /// Queues the signal for one thread of this process.
    [[nodiscard]] std::error_code send(pid_t tid, int cookie) const noexcept;

private:
    int number_;
    bool held_ = false;
    std::string problem_;
};

} // namespace loopmon::stack
