// SPDX-License-Identifier: MIT
//
// What the watcher thread waits in: sd-event, with the D-Bus connection of the monitor attached to
// it. All that a monitor has that lives by descriptors in use is here. A program may close them
// (closefrom(3)) and get their numbers for files of its own. Then nothing of it may be used or
// closed any more: it is abandoned, as it is, and the monitor makes another one.
#pragma once

#include "base/kept_fd.hpp"
#include "base/thread_bound.hpp"
#include "bus/bus_service.hpp"
#include "bus/event_ptr.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace loopmon::detail {

/// The watcher thread; wake() is for any.
class event_loop {
public:
    /// @throws std::system_error without descriptors or memory
    event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    /// The descriptors are still ours, judged by one of them, and can be waited for.
    [[nodiscard]] bool intact() const noexcept;

    /// Runs handlers until `end`; when that is over, those that are ready, but not without end.
    void serve_until(std::chrono::steady_clock::time_point end);
    /// Ends serve_until().
    void wake() noexcept;

    /// Gives it up without closing anything.
    static void abandon(std::unique_ptr<event_loop> lost) noexcept;

    [[nodiscard]] sd_event* event() const noexcept { return event_.get(); }
    [[nodiscard]] std::unique_ptr<bus::bus_service>& service() { return service_; }

private:
    /// One turn of sd-event. @return false: nothing was ready
    bool run(std::uint64_t usec) noexcept;

    base::thread_bound thread_;
    base::kept_fd witness_; ///< a file that is nobody else's
    base::kept_fd wake_;    ///< an eventfd
    systemd::event_ptr event_;
    systemd::source_ptr woken_;
    systemd::source_ptr round_;       ///< the end of serve_until()
    std::atomic<bool> broken_{false}; ///< it can wait no more
    event_loop* abandoned_before_ = nullptr;
    std::unique_ptr<bus::bus_service> service_; ///< ends before the loop
};

} // namespace loopmon::detail
