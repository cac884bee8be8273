// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/build_variant.hpp>

#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <cstddef>

namespace loopmon {

namespace detail {
class offload_call;
}

/// Threads for loopmon::offload(), and the limit of what may be asked of them at once: a queue that
/// grows without one only moves the lag to where nobody sees it.
///
/// Thread-safe. May be destroyed before or after the loops that its calls complete on.
class offload_pool {
public:
    using executor_type = boost::asio::thread_pool::executor_type;

    /// @param threads at least 1
    /// @param limit   calls that are admitted at once, waiting or running; one more is refused. A
    ///                call that is cancelled completes at once, but keeps its place in the queue
    ///                until a thread gets to it
    /// @throws std::system_error if a thread cannot be started
    offload_pool(std::size_t threads, std::size_t limit);
    /// Calls that wait complete with operation_aborted; those that run are waited for.
    ~offload_pool();
    offload_pool(const offload_pool&) = delete;
    offload_pool& operator=(const offload_pool&) = delete;

    /// Places that are taken: calls that run, and those in the queue, also if they are cancelled.
    [[nodiscard]] std::size_t admitted() const noexcept;

    [[nodiscard]] executor_type get_executor() noexcept { return threads_.get_executor(); }

private:
    friend class detail::offload_call;
    [[nodiscard]] bool admit() noexcept;
    void leave() noexcept;

    const std::size_t limit_;
    std::atomic<std::size_t> admitted_{0}; ///< before the threads, which use it until they end
    boost::asio::thread_pool threads_;
};

} // namespace loopmon
