// SPDX-License-Identifier: MIT
//
// What is kept of a handler, in asio's operation while it waits and on the stack while it runs: the
// insides of struct loopmon_handler and struct loopmon_run, which the program has room for.
#pragma once

#include <cstdint>

namespace loopmon::measure {

class thread_slot;

/// Instead of an operation, of a handler that has one name only and begins when it is created.
/// Known by its address. As the word of an operation, it names none that is ready when it is
/// created.
inline constexpr char no_operation[] = "a";

/// What a handler that waits is known by.
struct handler_tag {
    thread_slot* slot;     ///< of the thread that created it; null: not tracked, the rest not set
    std::uint64_t created; ///< in ticks of the cycle clock
    const char* object;    ///< literals, e.g. "socket" ...
    const char* operation; ///< ... and "async_receive"; no_operation for a plain name
    std::uint64_t task;    ///< that was current at the creation; zero: none
};

/// A handler as the watcher sees it while it runs.
struct shown_handler {
    std::uint64_t began; ///< ticks
    const char* object;
    const char* operation;
    std::uint64_t task;
};

/// A handler that is about to run, runs or ends, on the stack of its thread.
struct handler_frame {
    /// Its slot is that of the thread it runs on, once it runs, and null when it is over.
    handler_tag handler;
    // Set when it begins to run:
    bool plain; ///< in no other handler and no task's scope; the rest but `nested` is not set
    handler_frame* outer; ///< the handler of this thread that this one runs in
    std::uint64_t nested; ///< ticks that handlers in this one took
    std::uint64_t outer_task;
    bool around_shown;    ///< set with an outer one: its slot showed ...
    shown_handler around; ///< ... this when it began, an outer one of the same loop
};

} // namespace loopmon::measure
