// SPDX-License-Identifier: MIT
//
// For asynchronous operations that complete out of handlers of somebody else: asio's own hooks see
// only that handler, and would take what follows for its task's.
#pragma once

#include <loopmon/task.hpp>

#include <boost/asio/associator.hpp>

#include <cstdint>
#include <utility>

namespace loopmon::detail {

/// The program is built with loopmon::tracking, so handlers belong to tasks.
#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
inline constexpr bool tracks_handlers = true;
#else
inline constexpr bool tracks_handlers = false;
#endif

/// A completion handler that runs for the task that was current when this was made, whichever is
/// where it is called. What is associated with the handler is associated with this.
template <class Handler>
class task_handler {
public:
    explicit task_handler(Handler handler) : handler_(std::move(handler)) {}

    template <class... Args>
    void operator()(Args&&... args) {
        const task_scope working(task_);
        std::move(handler_)(std::forward<Args>(args)...);
    }

    [[nodiscard]] const Handler& handler() const noexcept { return handler_; }

private:
    std::uint64_t task_ = current_task();
    Handler handler_;
};

} // namespace loopmon::detail

template <template <class, class> class Associator, class Handler, class Default>
struct boost::asio::associator<Associator, loopmon::detail::task_handler<Handler>, Default>
    : Associator<Handler, Default> {
    static auto get(const loopmon::detail::task_handler<Handler>& wrapped) noexcept {
        return Associator<Handler, Default>::get(wrapped.handler());
    }
    static auto get(const loopmon::detail::task_handler<Handler>& wrapped,
                    const Default& otherwise) noexcept {
        return Associator<Handler, Default>::get(wrapped.handler(), otherwise);
    }
};
