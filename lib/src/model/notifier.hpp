// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace loopmon::model {

/// What is sent to the service manager (sd_notify(3)). Never throws; a failed datagram is retried
/// by nobody, so whoever needs certainty (the watchdog) sends again. Any thread, if each datagram's
/// order among the others does not matter.
class notifier {
public:
    virtual ~notifier() = default;

    /// This monitor will be ready, and READY=1 must wait for it.
    virtual void expect_ready() noexcept {}
    /// This monitor is ready.
    /// @return whether all of this process are, so that ready() may be called; else ask again
    virtual bool agree_ready() noexcept { return true; }
    virtual void ready(const std::string& status) noexcept = 0;    ///< READY=1 STATUS= WATCHDOG=1
    virtual void reloading() noexcept = 0;                         ///< RELOADING=1 MONOTONIC_USEC=
    virtual void reloaded(const std::string& status) noexcept = 0; ///< READY=1 STATUS=, no ping
    virtual void stopping() noexcept = 0;                          ///< STOPPING=1
    virtual void status(const std::string& text) noexcept = 0;     ///< STATUS=
    virtual void ping() noexcept = 0;                              ///< WATCHDOG=1
    virtual void trigger(const std::string& reason) noexcept = 0;  ///< STATUS= WATCHDOG=trigger
    /// How long the manager waits for a ping, from now on: WATCHDOG=1 WATCHDOG_USEC=. It is a ping.
    /// @return false: not sent
    virtual bool wait(std::chrono::microseconds period) noexcept = 0;

    /// WATCHDOG_USEC if it is meant for this process, else zero. As it was at construction.
    [[nodiscard]] virtual std::chrono::microseconds watchdog_period() const noexcept = 0;
    /// Whether there is one that receives any of this.
    [[nodiscard]] virtual bool has_manager() const noexcept { return true; }
};

} // namespace loopmon::model
