// SPDX-License-Identifier: MIT
//
// A connection that comes back: connects without blocking the loop, hands over a pump when the
// handshake is done, and after a loss tries again with growing pauses. Nothing here waits for a
// broker, so a dead, absent or stuck one costs its owner nothing.
#pragma once

#include <loopmon/systemd/bus_pump.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace loopmon::systemd {

struct bus_link_options {
    std::string address = "system";      ///< "system", "session" or a D-Bus address
    std::string description = "loopmon"; ///< shown in sd-bus's debug logs
    std::chrono::milliseconds handshake_timeout{5000};
    std::chrono::milliseconds first_retry{
        250}; ///< doubles up to last_retry, plus up to 25 % jitter
    std::chrono::milliseconds last_retry{30000};
};

/// All members, and the handlers, are for the thread (or strand) of the executor. No handler may
/// throw; what a handler holds strongly lives as long as the link does.
class bus_link : public std::enable_shared_from_this<bus_link> {
public:
    struct handlers {
        /// The handshake is done and sd_bus_get_unique_name() answers. The pump stays the link's.
        std::function<void(bus_pump&)> connected;
        /// An attempt failed, or an established connection ended; the next attempt is scheduled.
        /// The text says what could not be done, with the address and the reason.
        std::function<void(const std::string& error, bool was_connected)> lost;
    };

    /// Makes the first attempt at once, but in a handler: neither of `on` is called before this
    /// returns. Keeps io_context::run() from returning until stop() or destruction.
    static std::shared_ptr<bus_link> start(boost::asio::any_io_executor executor,
                                           bus_link_options options, handlers on);

    bus_link(const bus_link&) = delete;
    bus_link& operator=(const bus_link&) = delete;
    ~bus_link();

    /// The pump while connected, else null.
    [[nodiscard]] std::shared_ptr<bus_pump> pump() const;

    /// Ends the connection and all attempts; no handler is called any more. Idempotent. May be
    /// called from within a handler.
    void stop() noexcept;

private:
    struct impl;
    explicit bus_link(std::unique_ptr<impl> state);

    void attempt() noexcept;
    void ready() noexcept;
    void ended(boost::system::error_code error) noexcept;
    void handshake_expired() noexcept;
    void retry(const std::string& reason) noexcept;

    std::unique_ptr<impl> impl_;
};

} // namespace loopmon::systemd
