// SPDX-License-Identifier: MIT
#include "stack/capture/stack_catcher.hpp"

#include "proc/task_directory.hpp"
#include "proc/thread_signals.hpp"
#include "proc/thread_snapshot.hpp"
#include "stack/capture/restartable_call.hpp"
#include "stack/capture/stack_request.hpp"
#include "stack/capture/thread_place.hpp"
#include "stack/symbol/module_map.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstddef>
#include <thread>
#include <unistd.h>
#include <utility>

namespace loopmon::stack {

namespace {

// A thread that is now asleep and now awake is looked at again for so long: an alert must be out
// 5 ms after its threshold.
constexpr auto pursuit = std::chrono::milliseconds(2);

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
            !proc::look_at_signal(request.thread(), signal).pending) {
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

std::string end_text(const walked_stack& stack) {
    switch (stack.because) {
    case walked_stack::end::unknown_register:
        return "outer frames are unknown: they depend on registers of the running thread";
    case walked_stack::end::no_table:
        return "outer frames are unknown: the code of the last known frame has no unwind table";
    case walked_stack::end::outermost:
    case walked_stack::end::limit:
        break;
    }
    return stack.guessed ? "one of the outer frames is a guess" : "";
}

bool is_running(pid_t tid) {
    return look_at_place(tid).is == thread_place::state::running;
}

/// Whether the thread computes, rather than being on its way from one call that it sleeps in to the
/// next. A signal that meets it then ends the next.
bool computes(pid_t tid, const std::optional<seen_awake>& earlier) {
    // Between two calls there are microseconds, or the CPU is used for what the time is spent on.
    constexpr auto long_awake = std::chrono::milliseconds(10);
    constexpr auto watched = std::chrono::microseconds(100);
    const auto sleeps = proc::look_at_signal(tid, 0).sleeps;
    if (earlier && earlier->sleeps == sleeps &&
        std::chrono::steady_clock::now() - earlier->when >= long_awake) {
        return is_running(tid);
    }
    const auto cpu = proc::cpu_time(tid);
    std::this_thread::sleep_for(watched);
    const auto now = proc::cpu_time(tid);
    return cpu && now && *now - *cpu >= watched / 2 &&
           proc::look_at_signal(tid, 0).sleeps == sleeps && is_running(tid);
}

} // namespace

std::optional<seen_awake> look_whether_awake(pid_t tid) {
    // In this order: one that falls asleep in between has one sleep more at the next look.
    const seen_awake seen{std::chrono::steady_clock::now(), proc::look_at_signal(tid, 0).sleeps};
    return is_running(tid) ? std::optional(seen) : std::nullopt;
}

stack_catcher::stack_catcher(int signal) : signal_(signal) {
    proc::keep_task_directory();
    note_modules();
}

captured_stack stack_catcher::capture(pid_t tid, const std::function<bool()>& still_same,
                                      const std::optional<seen_awake>& earlier) {
    assert(tid != gettid());
    if (signal_.number() == 0) {
        return {};
    }
    reclaim(signal_.number());
    const auto obstacle = why_not_asked(tid);
    if (!still_same()) {
        return stale({});
    }
    auto stack = pursue(tid, obstacle, earlier);
    return still_same() ? stack : stale(std::move(stack));
}

captured_stack stack_catcher::pursue(pid_t tid, const std::string& obstacle,
                                     const std::optional<seen_awake>& earlier) {
    const auto end = std::chrono::steady_clock::now() + pursuit;
    do {
        switch (look_at_place(tid).is) {
        case thread_place::state::gone:
            return none("the thread is gone");
        case thread_place::state::hidden:
            return none("/proc does not show what the thread is doing");
        case thread_place::state::asleep:
            if (auto stack = read(tid, obstacle)) {
                return std::move(*stack);
            }
            break;
        case thread_place::state::running:
            if (!obstacle.empty()) {
                return none(obstacle);
            }
            if (computes(tid, earlier)) {
                return interrupt(tid);
            }
        }
    } while (std::chrono::steady_clock::now() < end);
    return none("the thread was neither asleep nor on a CPU for long enough");
}

std::optional<captured_stack> stack_catcher::read(pid_t tid, const std::string& obstacle) {
    auto seen = reader_.read(tid, timeout);
    if (seen.is == sleeper::state::awake) {
        return std::nullopt;
    }
    if (seen.is == sleeper::state::failed) {
        return none(seen.problem);
    }
    captured_stack stack;
    stack.frames = std::move(seen.stack.frames);
    stack.truncated = seen.stack.because == walked_stack::end::limit;
    stack.ends = end_text(seen.stack);
    if (!stack.ends.empty() && obstacle.empty() && survives_signal(seen.place)) {
        if (auto whole = interrupt(tid); whole.frames.size() > stack.frames.size()) {
            return whole;
        }
    }
    return stack;
}

captured_stack stack_catcher::interrupt(pid_t tid) {
    for (std::uint32_t i = 0; i < stack_request::pool_size; ++i) {
        if (stack_requests[i].claim()) {
            return take(tid, stack_requests[i], i);
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
    } else if (result.ended_call) {
        stack.remark =
            "the signal for this stack interrupted a call that the thread had just entered";
    }
    request.release();
    return stack;
}

// Many programs start their worker threads with all signals blocked. One sent to such a thread
// would cost the watcher the timeout, and its request for as long as the thread lives.
std::string stack_catcher::why_not_asked(pid_t tid) const {
    if (!problem().empty()) {
        return problem();
    }
    if (!signal_.intact()) {
        return "signal " + std::to_string(signal_.number()) + " is now in use by the program";
    }
    if (has_signal_on_its_way(tid)) {
        return "the thread has not yet taken the previous signal";
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
    return proc::look_at_signal(tid, signal_.number()).blocked;
}

std::string stack_catcher::blocked_text() const {
    return "the thread blocks signal " + std::to_string(signal_.number());
}

} // namespace loopmon::stack
