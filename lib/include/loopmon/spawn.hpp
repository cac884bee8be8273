// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/detail/task_handler.hpp>
#include <loopmon/task.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <loopmon/source_location.hpp>

#include <concepts>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

namespace loopmon {

namespace detail {

template <class T>
concept executor = boost::asio::execution::is_executor<T>::value;

/// What spawn() hands to co_spawn, which keeps it in the frame of its own outermost coroutine: the
/// task ends with that frame.
template <class Coroutine>
class task_coroutine {
public:
    task_coroutine(task registered, Coroutine coroutine)
        : task_(std::move(registered)), coroutine_(std::move(coroutine)) {}

    auto operator()() {
        if constexpr (std::invocable<Coroutine&>) {
            return coroutine_();
        } else {
            return std::move(coroutine_);
        }
    }

    [[nodiscard]] task::scope enter() const noexcept { return task_.enter(); }

private:
    task task_; ///< first, so that it ends last
    Coroutine coroutine_;
};

template <class Awaitable>
struct completion_of;
template <class T, class Executor>
struct completion_of<boost::asio::awaitable<T, Executor>> {
    using signature = void(std::exception_ptr, T);
};
template <class Executor>
struct completion_of<boost::asio::awaitable<void, Executor>> {
    using signature = void(std::exception_ptr);
};

/// Starts the coroutine as its own task, and remembers whose task it was that asked for it.
///
/// asio begins a coroutine inline where it may, and calls the completion handler inline from the
/// last handler of the coroutine; neither is seen by the hooks. So the task is current around the
/// start: the first part of the coroutine runs in that scope, or the handler that will run it is
/// created there. And the completion handler runs for the task that waits for it.
template <class Executor>
class initiate_spawn {
public:
    using executor_type = Executor;

    explicit initiate_spawn(const Executor& ex) : executor_(ex) {}
    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }

    template <class Handler, class Coroutine>
    void operator()(Handler&& handler, task_coroutine<Coroutine> coroutine) const {
        task_handler<std::decay_t<Handler>> completion(std::forward<Handler>(handler));
        const auto begins = coroutine.enter();
        boost::asio::co_spawn(executor_, std::move(coroutine), std::move(completion));
    }

private:
    Executor executor_;
};

} // namespace detail

/// boost::asio::co_spawn with a name: the coroutine is a task, listed and counted until its frame
/// dies, however it dies: by completion, exception, cancellation, or with its context. With a token
/// that starts later, as use_awaitable does, it is a task from the call of spawn() on. The task
/// that calls spawn() is its parent.
///
/// In a program that is built with loopmon::tracking all that the coroutine starts belongs to it,
/// but for what is spawned in its turn.
///
/// @param executor  where the coroutine runs; its context is the loop that the task belongs to
/// @param name      shown to people; cut after 64 bytes
/// @param coroutine an awaitable, or a function object that returns one
/// @param token     as for co_spawn; the default forgets the result
/// @param where     leave it: the place of the call
/// @return as co_spawn for that token
/// @throws std::bad_alloc
template <detail::executor Executor, class Coroutine,
          class CompletionToken = boost::asio::detached_t>
auto spawn(const Executor& executor, std::string_view name, Coroutine&& coroutine,
           CompletionToken&& token = {},
           const source_location& where = source_location::current()) {
    using body = detail::task_coroutine<std::decay_t<Coroutine>>;
    boost::asio::execution_context& context =
        boost::asio::query(executor, boost::asio::execution::context);
    body registered(task(context, name, where), std::forward<Coroutine>(coroutine));
    if constexpr (detail::tracks_handlers) {
        using signature = typename detail::completion_of<std::invoke_result_t<body&>>::signature;
        return boost::asio::async_initiate<CompletionToken, signature>(
            detail::initiate_spawn<Executor>(executor), token, std::move(registered));
    } else {
        return boost::asio::co_spawn(executor, std::move(registered),
                                     std::forward<CompletionToken>(token));
    }
}

/// The same for the executor of an execution context, e.g. an io_context.
template <std::derived_from<boost::asio::execution_context> Context, class Coroutine,
          class CompletionToken = boost::asio::detached_t>
auto spawn(Context& context, std::string_view name, Coroutine&& coroutine,
           CompletionToken&& token = {},
           const source_location& where = source_location::current()) {
    return spawn(context.get_executor(), name, std::forward<Coroutine>(coroutine),
                 std::forward<CompletionToken>(token), where);
}

} // namespace loopmon
