// SPDX-License-Identifier: MIT
//
// The investigator of real threads: /proc for what the thread and the machine do, the stack catcher
// and the symboliser for where.
#pragma once

#include "proc/machine_load.hpp"
#include "stack/capture/stack_catcher.hpp"
#include "watch/investigator.hpp"

#include <memory>
#include <string>

namespace loopmon::watch {

class thread_investigator final : public investigator {
public:
    /// @param stack_signal the signal by which stacks are taken; 0: none are
    explicit thread_investigator(int stack_signal) : catcher_(stack_signal) {}

    /// Why there will be no stacks; empty if there will, or none are wanted.
    [[nodiscard]] const std::string& problem() const { return catcher_.problem(); }

    [[nodiscard]] std::unique_ptr<investigation> begin(pid_t thread,
                                                       model::time_point now) override;

private:
    class of_thread;

    stack::stack_catcher catcher_;
    proc::machine_reader machine_;
};

} // namespace loopmon::watch
