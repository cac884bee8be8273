// SPDX-License-Identifier: MIT
//
// Whether a debugger is attached to this process. PTRACE_ATTACH, which gdb and strace use or not,
// stops the process at once, so what is seen is one that has let it run again: a session that has
// said `continue`, a program that was started under it.
#pragma once

#include "model/time.hpp"
#include "proc/proc_file.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace loopmon::proc {

class debugger_look {
public:
    /// A read of the file costs up to 30 us, and rounds may follow each other closely.
    static constexpr model::duration shortest = std::chrono::seconds(1);

    /// @param status of the first thread: a debugger attaches to all of them. strace may attach to
    ///               another one alone, and stops no more than that one.
    explicit debugger_look(std::string status = "/proc/self/status") : status_(std::move(status)) {}

    /// As it was at the last look, at most `shortest` ago. Without /proc: never.
    [[nodiscard]] bool attached(model::time_point now);

private:
    proc_file status_;
    std::optional<model::time_point> looked_at_;
    bool attached_ = false;
};

} // namespace loopmon::proc
