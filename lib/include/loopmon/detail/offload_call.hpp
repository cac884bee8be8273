// SPDX-License-Identifier: MIT
//
// One call of loopmon::offload(). Whichever takes it first, a thread of the pool or a canceller,
// decides what becomes of it: it is taken once, and completes once; or never, if the loop that it
// completes on ends before (lib/src/offload_loop.hpp).
#pragma once

#include <loopmon/build_variant.hpp>
#include <loopmon/offload_pool.hpp>
#include <loopmon/task.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <loopmon/source_location.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace loopmon::detail {

class offload_loop;

class offload_call : public std::enable_shared_from_this<offload_call> {
public:
    offload_call(const offload_call&) = delete;
    offload_call& operator=(const offload_call&) = delete;
    virtual ~offload_call();

    /// Queues the call, or completes it with an error.
    void start(offload_pool& pool);
    /// The queue comes to it, on a thread of the pool. Gives its place back.
    void run() noexcept;
    /// The queue destroys it. Gives its place back, and drops it.
    void discard() noexcept;
    /// Ends it with operation_aborted, unless it was taken. Does not touch the pool, which may be
    /// over: the place is that of what is in the queue.
    void drop() noexcept;
    /// The loop ends: it will not complete, and does not begin if it waits. Destroys the handler.
    void abandon() noexcept;

protected:
    /// @param loop where it completes
    offload_call(boost::asio::execution_context& loop, std::string_view name,
                 const source_location& where);

private:
    virtual void invoke() noexcept = 0;
    virtual void fail(std::exception_ptr error) noexcept = 0; ///< instead of invoke()
    virtual void complete() noexcept = 0;
    virtual void forget_function() noexcept = 0;
    virtual void forget_handler() noexcept = 0; ///< and all else that is of the loop

    void finish() noexcept;

    const std::uint64_t caller_ = current_task();
    const std::shared_ptr<offload_loop> loop_;
    task task_;
    offload_pool* pool_ = nullptr; ///< null: not admitted; for what is in its queue
    std::atomic<bool> taken_{false};
};

template <class Result>
struct offload_completion {
    static_assert(std::default_initializable<Result>, "given to the handler beside an error");
    using signature = void(std::exception_ptr, Result);
};
template <>
struct offload_completion<void> {
    using signature = void(std::exception_ptr);
};

template <class Function>
using offload_result = std::decay_t<std::invoke_result_t<Function>>;
template <class Function>
using offload_signature = typename offload_completion<offload_result<Function>>::signature;

template <class Handler, class Function>
class offload_call_of final : public offload_call {
public:
    using executor_type = boost::asio::associated_executor_t<Handler, offload_pool::executor_type>;

    template <class H, class F>
    offload_call_of(const executor_type& executor, std::string_view name,
                    const source_location& where, H&& handler, F&& fn)
        : offload_call(boost::asio::query(executor, boost::asio::execution::context), name, where),
          work_(std::in_place, executor),
          handler_(std::in_place, std::forward<H>(handler)),
          fn_(std::in_place, std::forward<F>(fn)) {}

private:
    using result = offload_result<Function>;

    void invoke() noexcept override {
        try {
            if constexpr (std::is_void_v<result>) {
                (*std::move(fn_))();
            } else {
                result_.emplace((*std::move(fn_))());
            }
        } catch (...) {
            error_ = std::current_exception();
        }
        fn_.reset();
    }

    void fail(std::exception_ptr error) noexcept override {
        error_ = std::move(error);
        fn_.reset();
    }

    void complete() noexcept override {
        {
            const auto executor = work_->get_executor();
            if constexpr (std::is_void_v<result>) {
                boost::asio::post(executor,
                                  boost::asio::append(*std::move(handler_), std::move(error_)));
            } else {
                boost::asio::post(executor,
                                  boost::asio::append(*std::move(handler_), std::move(error_),
                                                      result_ ? *std::move(result_) : result()));
                result_.reset();
            }
        }
        forget_handler();
    }

    void forget_function() noexcept override { fn_.reset(); }

    void forget_handler() noexcept override {
        handler_.reset();
        work_.reset();
    }

    struct nothing {};

    std::optional<boost::asio::executor_work_guard<executor_type>> work_;
    std::optional<Handler> handler_;
    std::optional<Function> fn_;
    std::exception_ptr error_;
    std::optional<std::conditional_t<std::is_void_v<result>, nothing, result>> result_;
};

struct initiate_offload {
    offload_pool* pool;
    source_location where;

    template <class Handler, class Function>
    void operator()(Handler&& handler, const std::string& name, Function&& fn) const {
        using call_type = offload_call_of<std::decay_t<Handler>, std::decay_t<Function>>;
        auto cancellation = boost::asio::get_associated_cancellation_slot(handler);
        const auto executor = boost::asio::get_associated_executor(handler, pool->get_executor());
        const auto call = std::make_shared<call_type>(
            executor, name, where, std::forward<Handler>(handler), std::forward<Function>(fn));
        if (cancellation.is_connected()) {
            cancellation.assign(
                [weak = call->weak_from_this()](boost::asio::cancellation_type type) {
                    const auto self = weak.lock();
                    if (self && type != boost::asio::cancellation_type::none) {
                        self->drop();
                    }
                });
        }
        call->start(*pool);
    }
};

} // namespace loopmon::detail
