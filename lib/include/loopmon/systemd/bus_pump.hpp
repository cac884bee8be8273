// SPDX-License-Identifier: MIT
//
// Drives one sd_bus on one asio executor.
//
// sd-bus must be asked what it waits for (descriptor, events, deadline) before every wait, and any
// sd_bus_* call may change the answer. asio has no hook that runs before it waits, so the raw
// pointer never leaves the pump: all calls go through with_bus(), which asks again afterwards.
#pragma once

#include <loopmon/systemd/bus_ptr.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>

#include <cassert>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>

namespace loopmon::systemd {

class socket_waits;
namespace detail {
class pending_call;
}

/// All members are for the thread (or strand) of the executor. Keeps io_context::run() from
/// returning until stop(), destruction or the loss of the connection. No handler may throw.
class bus_pump : public std::enable_shared_from_this<bus_pump> {
public:
    using executor_type = boost::asio::any_io_executor;

    /// Called once, from a handler of its own, when the connection ends other than by stop() or
    /// destruction. sd-bus reports every end of the stream as ECONNRESET.
    using lost_handler = std::function<void(boost::system::error_code)>;

    /// Called once, from a handler of its own, when the handshake is done: from then on
    /// sd_bus_get_unique_name() answers at once. Never called after lost_handler.
    using ready_handler = std::function<void()>;

    /// Takes over a started connection (sd_bus_start was called; the handshake may still be under
    /// way) and begins to process it.
    /// @throws boost::system::system_error if it cannot be waited for
    static std::shared_ptr<bus_pump> start(executor_type executor, bus_ptr bus,
                                           lost_handler on_lost, ready_handler on_ready = {});

    bus_pump(const bus_pump&) = delete;
    bus_pump& operator=(const bus_pump&) = delete;
    ~bus_pump();

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }

    /// False once the connection was stopped or lost.
    [[nodiscard]] bool running() const noexcept { return phase_ == phase::running; }

    /// Calls f(sd_bus*) and then re-arms. The pointer must not be kept. f must make no synchronous
    /// call: that is the very stall this library exists to report. May be called from within a
    /// callback of sd-bus. After the connection was lost, the sd_bus is closed and its functions
    /// fail with -ENOTCONN.
    /// @pre stop() was not called
    template <class F>
    decltype(auto) with_bus(F&& f) {
        assert(bus_);
        const rearm_on_exit guard{shared_from_this()};
        return std::forward<F>(f)(bus_.get());
    }

    /// The duplicate of sd-bus's descriptor that asio waits on; negative: none. The peer sees the
    /// end of the connection when both are closed.
    [[nodiscard]] int waiting_descriptor() noexcept;

    /// Closes the connection without waiting for the broker: what sd-bus could not write yet is
    /// dropped. Calls made with async_call() complete with an error; callbacks given to sd-bus
    /// itself are not called any more. May be called from within one of them. Idempotent; on_lost
    /// is not called.
    void stop() noexcept;

private:
    friend class detail::pending_call; // enters and leaves calls_

    enum class phase { running, lost, stopped };

    struct rearm_on_exit {
        std::shared_ptr<bus_pump> pump; // f may drop its caller's last reference
        ~rearm_on_exit() { pump->rearm(); }
    };

    bus_pump(executor_type executor, bus_ptr bus, lost_handler on_lost, ready_handler on_ready);

    boost::system::error_code arm() noexcept;
    void rearm() noexcept;
    void post_turn() noexcept;
    void turn() noexcept;
    void woken(boost::system::error_code error) noexcept;
    void lose(boost::system::error_code error) noexcept;
    void abandon_calls() noexcept;

    executor_type executor_;
    bus_ptr bus_;
    lost_handler on_lost_;
    ready_handler on_ready_; // empty once posted
    std::shared_ptr<socket_waits> waits_;
    std::unordered_set<std::shared_ptr<detail::pending_call>> calls_;
    phase phase_ = phase::running;
    bool in_turn_ = false;
    bool turn_posted_ = false;
};

} // namespace loopmon::systemd
