// SPDX-License-Identifier: MIT
//
// A connection to a message bus that comes back, on sd-event: connects without blocking, hands the
// bus over when the handshake is done, and after a loss tries again with growing pauses.
//
//     waiting --attempt--> connecting --handshake done--> connected
//        ^                     |                              |
//        +------ retry --------+--------- end of stream ------+
//
// One timer serves, since the pause before an attempt and the deadline of a handshake exclude each
// other. sd-bus, attached to sd-event, announces neither the end of the handshake nor every end of
// a connection, so a post source looks at its state after each event.
#pragma once

#include "bus/event_ptr.hpp"

#include <loopmon/systemd/bus_ptr.hpp>
#include <loopmon/systemd/detail/retry_delay.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace loopmon::bus {

struct connection_options {
    std::string address = "system"; ///< "system", "session" or a D-Bus address
    std::chrono::milliseconds handshake_timeout{5000};
    std::chrono::milliseconds first_retry{250}; ///< doubles up to the next, plus up to 25 % jitter
    std::chrono::milliseconds last_retry{30000};
};

/// All members, and the handlers, are for the thread that runs the event loop.
class bus_connection {
public:
    struct handlers {
        /// The handshake is done: sd_bus_get_unique_name() answers at once. May call stop().
        std::function<void(sd_bus* bus)> connected;
        /// An attempt failed, or an established connection ended; the next attempt is scheduled.
        /// The text names the address and the reason. May call stop().
        std::function<void(const std::string& error)> lost;
    };

    /// Makes the first attempt in a handler: neither of `on` is called before this returns.
    /// @throws std::system_error without descriptors or memory
    bus_connection(sd_event* event, connection_options options, handlers on);
    bus_connection(const bus_connection&) = delete;
    bus_connection& operator=(const bus_connection&) = delete;
    ~bus_connection();

    /// Null unless connected. sd-event asks it what to wait for before each wait.
    [[nodiscard]] sd_bus* bus() const noexcept {
        return phase_ == phase::connected ? bus_.get() : nullptr;
    }

    /// Closes the connection without waiting for the broker; no handler is called from then on, and
    /// there are no more attempts. Idempotent.
    void stop() noexcept;

private:
    using clock = std::chrono::steady_clock;
    enum class phase { waiting, connecting, connected, stopped };

    static int on_time(sd_event_source* source, std::uint64_t usec, void* self) noexcept;
    static int on_event(sd_event_source* source, void* self) noexcept;

    void arm(std::chrono::milliseconds after) noexcept;
    void attempt();
    void update();
    void retry(const std::string& reason);

    sd_event* event_;
    connection_options options_;
    handlers handle_;
    systemd::retry_delay delay_;
    systemd::source_ptr timer_;
    systemd::source_ptr after_each_event_;
    systemd::bus_ptr bus_; ///< from the attempt on
    clock::time_point connected_at_;
    phase phase_ = phase::waiting;
};

} // namespace loopmon::bus
