// SPDX-License-Identifier: MIT
#include "stack/capture/stack_reader.hpp"

#include "base/quiet_thread.hpp"
#include "proc/thread_signals.hpp"

#include <condition_variable>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

namespace loopmon::stack {

// Reading takes a fraction of a millisecond. A thread that sleeps for shorter than that three times
// in a row is one that runs.
constexpr int attempts = 3;

sleeper read_sleeper(pid_t tid) {
    sleeper seen;
    for (int i = 0; i < attempts; ++i) {
        const auto sleeps = proc::look_at_signal(tid, 0).sleeps;
        seen.place = look_at_place(tid);
        if (seen.place.is != thread_place::state::asleep) {
            break;
        }
        seen.stack = walk_stack(seen.place.stack_pointer, seen.place.instruction);
        // In the same call by the same way, and not fallen asleep once more: it never woke up.
        if (look_at_place(tid) == seen.place && proc::look_at_signal(tid, 0).sleeps == sleeps) {
            seen.is = sleeper::state::read;
            break;
        }
    }
    return seen;
}

struct stack_reader::job {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<sleeper> result;

    void run(pid_t tid) {
        sleeper seen;
        try {
            seen = read_sleeper(tid);
        } catch (const std::bad_alloc&) {
            seen.is = sleeper::state::failed;
            seen.problem = "out of memory";
        }
        const std::lock_guard lock(mutex);
        result = std::move(seen);
        changed.notify_all();
    }
    bool done() {
        const std::lock_guard lock(mutex);
        return result.has_value();
    }
};

sleeper stack_reader::read(pid_t tid, std::chrono::milliseconds patience) {
    sleeper failed;
    failed.is = sleeper::state::failed;
    if (last_ && !last_->done()) {
        failed.problem = "an earlier one is still being read";
        return failed;
    }
    auto asked = std::make_shared<job>();
    last_ = asked;
    try {
        base::quiet_thread("loopmon-stack", [asked, tid] { asked->run(tid); }).detach();
    } catch (const std::system_error& error) {
        last_.reset();
        failed.problem = error.code().message();
        return failed;
    }
    std::unique_lock lock(asked->mutex);
    if (!asked->changed.wait_for(lock, patience, [&] { return asked->result.has_value(); })) {
        failed.problem = "it could not be read within " + std::to_string(patience.count()) + "ms";
        return failed;
    }
    return std::move(*asked->result);
}

} // namespace loopmon::stack
