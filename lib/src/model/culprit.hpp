// SPDX-License-Identifier: MIT
#pragma once

#include "model/stack_text.hpp"
#include "model/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace loopmon::model {

/// Who holds a loop up, and where: what the watcher found while the stall lasted. Empty texts are
/// not known.
struct culprit {
    /// asio's names of the object and the operation: "socket.async_receive"
    std::string handler = {};
    std::string task = {};       ///< name of the task that the handler belongs to
    std::string spawned = {};    ///< FILE:LINE where that task was spawned
    std::string syscall = {};    ///< the system call that the thread is in: "openat"
    std::string waiting_in = {}; ///< the kernel function that it sleeps in: "futex_do_wait"
    stack_text stack = {};
    /// What the machine has to do with it: "cpu pressure 37%, ran late 4ms".
    std::string machine = {};
    std::uint64_t pending = 0;  ///< handlers that exist and are not running
    bool has_pending = false;   ///< known only with handler tracking
    std::uint64_t handlers = 0; ///< that have ended in the turn that is late; zero: not known
    /// Of the time that the thread was looked at, how much it spent on a CPU.
    std::optional<unsigned> cpu_percent = {};
};

} // namespace loopmon::model
