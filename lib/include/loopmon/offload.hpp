// SPDX-License-Identifier: MIT
//
// Costly work does not belong on a loop. In a coroutine:
//
//     loopmon::offload_pool pool(4, 64);
//     auto image = co_await loopmon::offload(pool, "decode", [data] { return decode(data); });
#pragma once

#include <loopmon/detail/offload_call.hpp>
#include <loopmon/offload_pool.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <loopmon/source_location.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace loopmon {

/// Calls `fn` on a thread of the pool and completes on the loop of the one who asked for it.
///
/// Completion signature: void(std::exception_ptr, R), where R is what `fn` returns, by value and
/// default constructible; void(std::exception_ptr) if it returns nothing. Never completes before
/// it returns, and never waits. The error is
///   what `fn` threw;
///   boost::system::system_error, boost::asio::error::operation_aborted, if the call was cancelled,
///   or the pool destroyed, before `fn` began;
///   std::system_error, std::errc::resource_unavailable_try_again, if the pool is at its limit.
///
/// It completes on the associated executor of the token: for use_awaitable that of the coroutine. A
/// plain callback has none, and is then called on a thread of the pool (or dropped with it), unless
/// it comes in boost::asio::bind_executor. The loop stays in run() until the completion. From its
/// start until `fn` returns the call is an offloaded task of that loop; its parent is the task that
/// is current at the start.
///
/// If the loop ends before (the io_context is destroyed), the handler is destroyed with it, as that
/// of any operation: the call does not complete, and `fn` is not called unless it has begun. What
/// `fn` itself refers to must last until it returns.
///
/// Per-operation cancellation: all types, as long as `fn` did not begin. It is not interrupted. The
/// place in the pool is free again only when a thread gets to the call.
///
/// @param pool  must outlive the start of the operation
/// @param name  shown to people; cut after 64 bytes
/// @param fn    called once, as an rvalue; need not be copyable. Destroyed before the completion.
/// @param where leave it: the place of the call
template <class Function, class Token = boost::asio::use_awaitable_t<>>
requires std::invocable<std::decay_t<Function>>
auto offload(offload_pool& pool, std::string_view name, Function&& fn, Token&& token = {},
             const source_location& where = source_location::current()) {
    using function = std::decay_t<Function>;
    return boost::asio::async_initiate<Token, detail::offload_signature<function>>(
        detail::initiate_offload{&pool, where}, token, std::string(name),
        std::forward<Function>(fn));
}

/// The same under the name "offload".
template <class Function, class Token = boost::asio::use_awaitable_t<>>
requires std::invocable<std::decay_t<Function>>
auto offload(offload_pool& pool, Function&& fn, Token&& token = {},
             const source_location& where = source_location::current()) {
    return offload(pool, "offload", std::forward<Function>(fn), std::forward<Token>(token), where);
}

} // namespace loopmon
