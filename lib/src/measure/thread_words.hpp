// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace loopmon::measure {

class thread_slot;
class thread_record;
struct handler_frame;

/// The words of a thread that its handlers need, each of them more than once: in one variable, so
/// that its address is computed once. It has no destructor, and lives until the thread has ended.
struct thread_words {
    thread_record* record = nullptr; ///< null: it needed none yet, or has given it back
    // The context whose slot was found last, since most threads have one loop.
    const void* context = nullptr;
    thread_slot* slot = nullptr;
    std::uint64_t seen_generation = 0;  ///< thread_record's; another one: `context` is out of date
    std::uint64_t task = 0;             ///< see current_task.hpp
    handler_frame* innermost = nullptr; ///< the handler that the thread is in
    std::uint64_t charged = 0;          ///< ticks: up to here run time is charged to tasks
    unsigned untracked_scope = 0;       ///< see hooks.hpp
    // The last read of the system clock, where handlers are timed by it; see cycle_clock.hpp.
    std::uint64_t time_read = 0;
    std::uint64_t counter_read = 0; ///< the cycle counter right before it
};

// In the static block of each thread, where nothing is looked up: 80 bytes, for which a dlopen()ed
// library always finds room.
[[gnu::tls_model("initial-exec"),
  gnu::visibility("hidden")]] extern constinit thread_local thread_words this_thread;

} // namespace loopmon::measure
