// SPDX-License-Identifier: MIT
//
// The calls of offload() that are to complete on one execution context. What such a call holds of
// the context, its handler and its executors, must not outlive it, while the pool, and what runs on
// it, may. So the end of the context takes it from each call, as asio destroys the handlers that
// still wait; and it waits for a completion that is being posted at that moment.
#pragma once

#include <boost/asio/execution_context.hpp>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace loopmon::detail {

class offload_call;

/// Any thread. Outlives its context, held by its calls.
class offload_loop {
public:
    static std::shared_ptr<offload_loop> of(boost::asio::execution_context& context);

    /// A call begins. False: the context is ending, and the call must not be run or completed.
    /// @throws std::bad_alloc
    [[nodiscard]] bool add(const std::shared_ptr<offload_call>& call);
    /// The call may complete, which ends with completed(). False: the context has ended or ended
    /// the call, and nothing of its handler may be touched.
    [[nodiscard]] bool claim(offload_call& call) noexcept;
    void completed() noexcept;
    /// The context ends: abandons all of its calls. Destroys handlers, which is the user's code.
    void close() noexcept;

private:
    std::mutex mutex_;
    std::condition_variable none_completing_;
    std::unordered_map<offload_call*, std::shared_ptr<offload_call>> open_;
    std::size_t completing_ = 0;
    bool closed_ = false;
};

} // namespace loopmon::detail
