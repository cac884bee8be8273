// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/task.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/assert/source_location.hpp>

#include <concepts>
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
        if constexpr (std::invocable<Coroutine&>)
            return coroutine_();
        else
            return std::move(coroutine_);
    }

private:
    task task_; ///< first, so that it ends last
    Coroutine coroutine_;
};

} // namespace detail

/// boost::asio::co_spawn with a name: the coroutine is a task, listed and counted until its frame
/// dies, however it dies: by completion, exception, cancellation, or with its context. With a token
/// that starts later, as use_awaitable does, it is a task from the call of spawn() on.
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
           const boost::source_location& where = BOOST_CURRENT_LOCATION) {
    boost::asio::execution_context& context =
        boost::asio::query(executor, boost::asio::execution::context);
    return boost::asio::co_spawn(
        executor,
        detail::task_coroutine<std::decay_t<Coroutine>>(task(context, name, where),
                                                        std::forward<Coroutine>(coroutine)),
        std::forward<CompletionToken>(token));
}

/// The same for the executor of an execution context, e.g. an io_context.
template <std::derived_from<boost::asio::execution_context> Context, class Coroutine,
          class CompletionToken = boost::asio::detached_t>
auto spawn(Context& context, std::string_view name, Coroutine&& coroutine,
           CompletionToken&& token = {},
           const boost::source_location& where = BOOST_CURRENT_LOCATION) {
    return spawn(context.get_executor(), name, std::forward<Coroutine>(coroutine),
                 std::forward<CompletionToken>(token), where);
}

} // namespace loopmon
