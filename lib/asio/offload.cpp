// SPDX-License-Identifier: MIT
#include <loopmon/offload.hpp>

#include "offload_loop.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cassert>
#include <new>
#include <system_error>

namespace loopmon {

namespace {

std::exception_ptr aborted() {
    return std::make_exception_ptr(
        boost::system::system_error(boost::asio::error::operation_aborted, "loopmon::offload"));
}

std::exception_ptr at_limit() {
    return std::make_exception_ptr(std::system_error(
        std::make_error_code(std::errc::resource_unavailable_try_again), "loopmon::offload"));
}

/// In the queue of the pool, which runs it or destroys it. It has the place of the call, so that
/// the queue is as short as the limit says, also while no thread gets to the cancelled ones.
class queued_call {
public:
    explicit queued_call(std::shared_ptr<detail::offload_call> call) noexcept
        : call_(std::move(call)) {}
    queued_call(queued_call&&) noexcept = default;
    queued_call& operator=(queued_call&&) = delete;
    ~queued_call() {
        if (call_) {
            call_->discard();
        }
    }
    void operator()() noexcept { std::exchange(call_, nullptr)->run(); }

private:
    std::shared_ptr<detail::offload_call> call_;
};

} // namespace

offload_pool::offload_pool(std::size_t threads, std::size_t limit)
    : limit_(limit), threads_(threads) {
    assert(threads > 0);
}

offload_pool::~offload_pool() {
    threads_.stop();
    threads_.join();
} // and ~thread_pool() destroys what is queued, which gives its places back

std::size_t offload_pool::admitted() const noexcept {
    return admitted_.load(std::memory_order_relaxed);
}

bool offload_pool::admit() noexcept {
    auto admitted = admitted_.load(std::memory_order_relaxed);
    do {
        if (admitted >= limit_) {
            return false;
        }
    } while (!admitted_.compare_exchange_weak(admitted, admitted + 1, std::memory_order_relaxed));
    return true;
}

void offload_pool::leave() noexcept {
    admitted_.fetch_sub(1, std::memory_order_relaxed);
}

namespace detail {

offload_call::offload_call(boost::asio::execution_context& loop, std::string_view name,
                           const source_location& where)
    : loop_(offload_loop::of(loop)), task_(loop, name, where, LOOPMON_TASK_OFFLOADED) {}

offload_call::~offload_call() = default;

void offload_call::start(offload_pool& pool) {
    if (!loop_->add(shared_from_this())) {
        abandon();
        return;
    }
    if (!pool.admit()) {
        taken_.store(true, std::memory_order_relaxed);
        fail(at_limit());
        finish();
        return;
    }
    pool_ = &pool;
    const auto working = task_.enter(); // the pool's handler is part of the task
    try {
        boost::asio::post(pool.threads_, queued_call(shared_from_this()));
    } catch (const std::bad_alloc&) {
        // The queued_call is gone and has discarded the call.
        assert(taken_);
    }
}

void offload_call::run() noexcept {
    if (taken_.exchange(true, std::memory_order_acq_rel)) {
        pool_->leave();
        return;
    }
    {
        const auto working = task_.enter();
        invoke();
    }
    pool_->leave();
    finish();
}

void offload_call::discard() noexcept {
    pool_->leave();
    drop();
}

void offload_call::drop() noexcept {
    if (taken_.exchange(true, std::memory_order_acq_rel)) {
        return;
    }
    fail(aborted()); // the pool may end meanwhile
    finish();
}

void offload_call::abandon() noexcept {
    if (!taken_.exchange(true, std::memory_order_acq_rel)) {
        forget_function();
        task_.done();
    }
    forget_handler();
}

void offload_call::finish() noexcept {
    task_.done();
    if (loop_->claim(*this)) {
        {
            const task_scope working(caller_); // whose handler the completion is
            complete();
        }
        loop_->completed();
    }
}

} // namespace detail

} // namespace loopmon
