// SPDX-License-Identifier: MIT
//
// Reads the stack of a thread that sleeps, without disturbing it. What it reads may have to come
// from the very disk that the thread waits for (a page of an unwind table, or of the stack itself,
// swapped out), so it is done on a thread of its own that lives for one stack: if that gets stuck
// as well, the watcher goes on, and reads no further stack until it is back.
#pragma once

#include "stack/capture/stack_walk.hpp"
#include "stack/capture/thread_place.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <sys/types.h>

namespace loopmon::stack {

struct sleeper {
    enum class state {
        read,  ///< `stack` is that of the place, and the thread slept there all the time
        awake, ///< it woke up whenever it was looked at
        failed ///< see `problem`
    };

    state is = state::awake;
    thread_place place;
    walked_stack stack;
    std::string problem;
};

class stack_reader {
public:
    /// @param patience for the other thread
    [[nodiscard]] sleeper read(pid_t tid, std::chrono::milliseconds patience);

private:
    struct job;
    std::shared_ptr<job> last_;
};

/// The same on the calling thread.
[[nodiscard]] sleeper read_sleeper(pid_t tid);

} // namespace loopmon::stack
