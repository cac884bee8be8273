// SPDX-License-Identifier: MIT
//
// A D-Bus method call as an asio operation:
//
//     auto [error, reply] = co_await async_call(*pump, std::move(message), 2s, use_awaitable);
//
// Nothing of it ever waits. The call is completed exactly once: by the reply, by the timeout, by
// cancellation, or by the end of the connection; and always from a handler of its own, never from
// within sd-bus, so the code that follows may use the pump freely, and even stop it.
#pragma once

#include <loopmon/systemd/bus_pump.hpp>
#include <loopmon/task.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace loopmon::systemd {

/// Why a call has no reply. What the peer answered is passed on as it is; the library's own are:
///   org.freedesktop.DBus.Error.NoReply       the timeout expired
///   org.freedesktop.DBus.Error.Disconnected  the connection was lost or stopped, before or after
///   System.Error.ECANCELED                   cancelled
///   any other                                sd-bus refused to send; sd_bus_error_set_errno(3)
struct call_error {
    std::string name; ///< a D-Bus error name; empty: no error
    std::string message;

    explicit operator bool() const noexcept { return !name.empty(); }
};

namespace detail {

/// A call in flight. Owned by the pump until it is completed.
class pending_call : public std::enable_shared_from_this<pending_call> {
public:
    pending_call() = default;
    pending_call(const pending_call&) = delete;
    pending_call& operator=(const pending_call&) = delete;
    virtual ~pending_call();

    void send(std::weak_ptr<bus_pump> pump, const message_ptr& message,
              std::chrono::microseconds timeout) noexcept;
    void answered(sd_bus_message* reply) noexcept;
    void cancel() noexcept;
    void abandon() noexcept; ///< the connection has ended

private:
    virtual void complete(call_error error, message_ptr reply) noexcept = 0;

    void finish(call_error error, message_ptr reply) noexcept;

    std::weak_ptr<bus_pump> pump_;
    slot_ptr slot_;
    bool finished_ = false;
};

template <class Handler>
class pending_call_of final : public pending_call {
public:
    template <class H>
    pending_call_of(H&& handler, const bus_pump::executor_type& executor)
        : handler_(std::forward<H>(handler)),
          work_(executor),
          handler_work_(boost::asio::get_associated_executor(handler_, executor)) {}

private:
    void complete(call_error error, message_ptr reply) noexcept override {
        const loopmon::detail::task_scope caller(task_); // not the pump, whose handler this is
        boost::asio::post(
            work_.get_executor(),
            boost::asio::append(std::move(handler_), std::move(error), std::move(reply)));
        work_.reset();
        handler_work_.reset();
    }

    using handler_executor = boost::asio::associated_executor_t<Handler, bus_pump::executor_type>;

    std::uint64_t task_ = loopmon::detail::current_task(); ///< that waits for the reply
    Handler handler_;
    boost::asio::executor_work_guard<bus_pump::executor_type> work_;
    boost::asio::executor_work_guard<handler_executor> handler_work_;
};

struct initiate_call {
    std::weak_ptr<bus_pump> pump; // a deferred operation may be started after the pump is gone
    bus_pump::executor_type executor;

    template <class Handler>
    void operator()(Handler&& handler, message_ptr message,
                    std::chrono::microseconds timeout) const {
        auto cancellation = boost::asio::get_associated_cancellation_slot(handler);
        const auto call = std::make_shared<pending_call_of<std::decay_t<Handler>>>(
            std::forward<Handler>(handler), executor);
        if (cancellation.is_connected()) {
            cancellation.assign(
                [weak = call->weak_from_this()](boost::asio::cancellation_type type) {
                    using boost::asio::cancellation_type;
                    if ((type & cancellation_type::terminal) == cancellation_type::none) {
                        return;
                    }
                    if (const auto self = weak.lock()) {
                        self->cancel();
                    }
                });
        }
        call->send(pump, message, timeout);
    }
};

} // namespace detail

/// Sends a method call on the connection of `pump` and completes with its reply.
///
/// Completion signature: void(call_error, message_ptr). The message is null if there is an error.
/// Runs, and without another executor completes, on the pump's. May be started while the handshake
/// is still under way. Per-operation cancellation: terminal only, since the peer may already have
/// done what it was asked; a reply that comes later is dropped.
///
/// @param message a method call made for this connection (sd_bus_message_new_method_call). Whether
/// it may start its destination is the caller's business: sd_bus_message_set_auto_start(m, 0).
/// @param timeout more than zero
template <BOOST_ASIO_COMPLETION_TOKEN_FOR(void(call_error, message_ptr)) Token>
auto async_call(bus_pump& pump, message_ptr message, std::chrono::microseconds timeout,
                Token&& token) {
    return boost::asio::async_initiate<Token, void(call_error, message_ptr)>(
        detail::initiate_call{pump.weak_from_this(), pump.get_executor()}, token,
        std::move(message), timeout);
}

} // namespace loopmon::systemd
