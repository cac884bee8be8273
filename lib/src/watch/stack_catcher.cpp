// SPDX-License-Identifier: MIT
#include "watch/stack_catcher.hpp"

#include "watch/stack_request.hpp"
#include "watch/thread_signals.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <unistd.h>
#include <utility>

namespace loopmon::watch {

namespace {

using phase = stack_request::phase;

captured_stack none(const std::string& why) {
    captured_stack stack;
    stack.remark = "no stack: " + why;
    return stack;
}

captured_stack stale(captured_stack stack) {
    stack.stale = true;
    stack.remark = "stale: the handler ended meanwhile";
    return stack;
}

/// A request that was withdrawn is free again if its signal was taken unseen, or cannot come any
/// more because the thread is gone.
void reclaim(int signal) {
    for (auto& request : stack_requests) {
        if (request.state() == phase::withdrawn &&
            !look_at_signal(request.thread(), signal).pending) {
            request.release();
        }
    }
}

bool has_signal_on_its_way(pid_t tid) {
    return std::any_of(stack_requests.begin(), stack_requests.end(), [tid](const auto& request) {
        return request.thread() == tid &&
               (request.state() == phase::withdrawn || request.state() == phase::abandoned);
    });
}

/// Waits until the request is not in phase `from` any more. @return whether that came about
bool leaves(stack_request& request, phase from) {
    const auto end = std::chrono::steady_clock::now() + stack_catcher::timeout;
    while (request.state() == from) {
        const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
            end - std::chrono::steady_clock::now());
        if (left <= std::chrono::microseconds::zero()) {
            return false;
        }
        request.wait_while(from, left.count());
    }
    return true;
}

} // namespace

captured_stack stack_catcher::capture(pid_t tid, const std::function<bool()>& still_same) {
    assert(tid != gettid());
    if (signal_.number() == 0) {
        return {};
    }
    if (!problem().empty()) {
        return none(problem());
    }
    if (!signal_.intact()) {
        return none("the program has taken signal " + std::to_string(signal_.number()) +
                    " for itself");
    }
    reclaim(signal_.number());
    const auto obstacle = why_not_asked(tid);
    if (!still_same()) {
        return stale({});
    }
    if (!obstacle.empty()) {
        return none(obstacle);
    }
    for (std::uint32_t i = 0; i < stack_request::pool_size; ++i) {
        if (stack_requests[i].claim()) {
            auto stack = take(tid, stack_requests[i], i);
            return still_same() ? stack : stale(std::move(stack));
        }
    }
    return none("too many threads have not taken the signal");
}

captured_stack stack_catcher::take(pid_t tid, stack_request& request, std::uint32_t index) {
    const auto cookie = request.open(tid, index);
    if (const auto error = signal_.send(tid, static_cast<int>(cookie))) {
        request.withdraw();
        request.release();
        return none(error.value() == ESRCH ? "the thread is gone" : error.message());
    }
    const bool taken = leaves(request, phase::requested) && leaves(request, phase::writing);
    if (!taken) {
        request.withdraw();
    }
    const bool answered = request.state() == phase::done; // perhaps at the last moment
    answered_ = answered ? tid : 0;
    if (!answered) {
        return none(why_not_taken(tid));
    }
    const auto& result = request.taken();
    captured_stack stack;
    stack.frames.assign(result.frames.begin(),
                        result.frames.begin() + static_cast<std::ptrdiff_t>(result.count));
    stack.truncated = result.truncated;
    if (result.cramped) {
        stack.remark = "innermost frame only: the signal stack is too small to unwind on";
    }
    request.release();
    return stack;
}

// Many programs start their worker threads with all signals blocked. One sent to such a thread
// would cost the watcher the timeout, and its request for as long as the thread lives.
std::string stack_catcher::why_not_asked(pid_t tid) const {
    if (has_signal_on_its_way(tid)) {
        return "the thread has not even taken the signal of last time";
    }
    // One that took it last time does not block it, but may still be on its way out of the handler,
    // where it is blocked.
    return tid != answered_ && blocks(tid) ? blocked_text() : "";
}

std::string stack_catcher::why_not_taken(pid_t tid) const {
    if (blocks(tid)) { // since it was looked at
        return blocked_text();
    }
    return "thread did not take the signal within " + std::to_string(timeout.count()) + "ms";
}

bool stack_catcher::blocks(pid_t tid) const {
    return look_at_signal(tid, signal_.number()).blocked;
}

std::string stack_catcher::blocked_text() const {
    return "the thread blocks signal " + std::to_string(signal_.number());
}

} // namespace loopmon::watch
