// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/build_variant.hpp>
#include <loopmon/loopmon.h>

#include <loopmon/source_location.hpp>

#include <cstdint>
#include <string_view>

namespace boost::asio {
class execution_context;
}

namespace loopmon {

namespace detail {

class offload_call;

/// The task that the calling thread works for, as a word that is never dangling: zero is none, and
/// that of a task which is over stands for nothing.
[[nodiscard]] inline std::uint64_t current_task() noexcept {
    return loopmon_task_current();
}

/// Makes a task current on this thread until the end of the scope, and then again what was.
class task_scope {
public:
    [[nodiscard]] explicit task_scope(std::uint64_t task) noexcept
        : before_(loopmon_task_enter(task)) {}
    ~task_scope() { loopmon_task_enter(before_); }
    task_scope(const task_scope&) = delete;
    task_scope& operator=(const task_scope&) = delete;

private:
    std::uint64_t before_;
};

} // namespace detail

/// A registered task: it is in the live task table of its loop, and counted in `ActiveTasks`, from
/// construction until destruction or done(). For code that is written with callbacks, held by
/// whatever lives as long as the task does; coroutines get theirs from loopmon::spawn().
///
/// The loop need not be watched, yet or ever. Any thread may construct and end tasks; one object is
/// for one thread at a time. The end is lock-free; construction takes, as that of every asio I/O
/// object does, the mutex of the context's list of services. May outlive its context.
class task {
public:
    /// An empty token, which registers nothing.
    task() noexcept;

    /// The task that is current where it is constructed becomes its parent.
    /// @param context the loop that runs the task, e.g. an io_context
    /// @param name    shown to people; cut after 64 bytes
    /// @param where   shown as the place that spawned the task
    /// @throws std::bad_alloc at the first task of a context only
    task(boost::asio::execution_context& context, std::string_view name,
         const source_location& where = source_location::current());

    task(task&& other) noexcept;
    task& operator=(task&& other) noexcept;
    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task();

    /// Ends the task now; does nothing to an empty token. Its handlers that still wait belong to
    /// no task any more.
    void done() noexcept;

    using scope = detail::task_scope;

    /// Works for this task until the end of the scope:
    ///
    ///     const auto working = session.task.enter();
    ///     socket.async_receive(buffer, ...);
    ///
    /// In a program that is built with loopmon::tracking, every asynchronous operation that is
    /// started in it belongs to the task, and so does its handler, and what that starts in turn:
    /// their run times, their number and their stalls are those of the task. One scope where the
    /// task begins is therefore enough, as long as its callbacks start each other. Without tracking
    /// only the tasks that are constructed in the scope see it, as their parent.
    ///
    /// Scopes nest, on one thread and first in, last out; so no co_await within one. For an empty
    /// token: work for no task. The task may end or move meanwhile.
    [[nodiscard]] scope enter() const noexcept;

private:
    friend class detail::offload_call;
    task(boost::asio::execution_context& context, std::string_view name,
         const source_location& where, std::uint32_t flags);

    loopmon_loop* loop_ = nullptr; ///< owned together with others
    std::uint64_t word_ = 0;       ///< what current_task() says where it is current
};

} // namespace loopmon
