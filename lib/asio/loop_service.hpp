// SPDX-License-Identifier: MIT
//
// The loop of an execution context: owned by a service of the context, found from any executor of
// it. Handlers, tasks and the watcher may hold it for longer than the context lives.
#pragma once

#include <loopmon/loopmon.h>

#include <boost/asio/execution_context.hpp>

#include <atomic>
#include <memory>
#include <mutex>

namespace boost::asio {
class io_context;
}

namespace loopmon::detail {

/// Answers the library's questions about one context. Any thread, also after the context.
class context_adapter {
public:
    [[nodiscard]] static loopmon_loop_ops ops() noexcept;

    /// The context is about to be watched.
    void bind(boost::asio::io_context& io, loopmon_loop& loop);
    /// By a handler of the context: its thread may be looked at.
    void runs_here(boost::asio::io_context& io) noexcept;
    /// Returns when nobody uses the context any more.
    void context_destroyed();

private:
    int threads(pid_t* ids, std::size_t max) noexcept;
    bool stopped() noexcept;
    int post(void (*work)(void*), void* argument) noexcept;
    int watched() noexcept;

    std::mutex mutex_;                           ///< guards *context_ against its own destruction
    boost::asio::io_context* context_ = nullptr; ///< null: not bound, or destroyed
    loopmon_loop* loop_ = nullptr;
    const void* name_ = nullptr;         ///< run_calls' name of the context; set with ...
    std::atomic<bool> runs_seen_{false}; ///< ... this: some run() of it was seen
};

/// The service of an execution context that owns its loop.
class loop_service : public boost::asio::execution_context::service {
public:
    static boost::asio::execution_context::id id;

    explicit loop_service(boost::asio::execution_context& context);
    ~loop_service() override;
    loop_service(const loop_service&) = delete;
    loop_service& operator=(const loop_service&) = delete;

    [[nodiscard]] loopmon_loop* loop() const noexcept { return loop_; }
    [[nodiscard]] context_adapter& adapter() const noexcept { return *adapter_; }

private:
    void shutdown() override;

    context_adapter* adapter_; ///< the loop's
    loopmon_loop* loop_;
};

/// The loop of a context, made at the first call for it. Any thread; takes the mutex of the
/// context's list of services, as the constructor of every asio I/O object does.
/// @throws std::bad_alloc at the first call for a context
[[nodiscard]] loop_service& service_of(boost::asio::execution_context& context);

/// service_of(io).adapter().runs_here(io), if there is memory for the service.
void note_run(boost::asio::io_context& io) noexcept;

} // namespace loopmon::detail
