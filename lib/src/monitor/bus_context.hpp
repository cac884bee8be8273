// SPDX-License-Identifier: MIT
//
// The D-Bus connection of a monitor and the context that it runs on: all that a monitor has that
// lives by descriptors in use. A program may close them (closefrom(3)) and get their numbers for
// files of its own. Then nothing of it may be used or closed any more: it is abandoned, as it is,
// and the monitor makes another one.
#pragma once

#include "base/kept_fd.hpp"
#include "bus/bus_service.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>

namespace loopmon::detail {

/// The watcher thread; wake() is for any.
class bus_context {
public:
    /// @throws std::exception without descriptors or memory
    bus_context();

    /// The descriptors are still ours, as far as can be told by one of them.
    [[nodiscard]] bool intact() const noexcept;

    /// Runs handlers until `end`; when that is over, those that are ready, but not without end.
    void serve_until(std::chrono::steady_clock::time_point end);
    /// Ends serve_until().
    /// @throws std::bad_alloc
    void wake();
    /// Runs handlers until none is left. After service()->stop().
    void finish();

    /// Gives it up without closing anything.
    static void abandon(std::unique_ptr<bus_context> lost) noexcept;

    [[nodiscard]] boost::asio::any_io_executor executor() { return io_.get_executor(); }
    [[nodiscard]] std::shared_ptr<bus::bus_service>& service() { return service_; }

private:
    base::kept_fd witness_; ///< a file that is nobody else's
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        io_.get_executor()};
    bus_context* abandoned_before_ = nullptr;
    std::shared_ptr<bus::bus_service> service_; ///< ends before the context
};

} // namespace loopmon::detail
