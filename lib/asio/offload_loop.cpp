// SPDX-License-Identifier: MIT
#include "offload_loop.hpp"

#include <loopmon/detail/offload_call.hpp>

#include <utility>

namespace loopmon::detail {

namespace {

/// The service of a context that ends its calls.
class offload_service : public boost::asio::execution_context::service {
public:
    static boost::asio::execution_context::id id;

    explicit offload_service(boost::asio::execution_context& context)
        : boost::asio::execution_context::service(context) {}
    // Once more, for a service that was made while the context ended, and is not shut down.
    ~offload_service() override { calls_->close(); }
    offload_service(const offload_service&) = delete;
    offload_service& operator=(const offload_service&) = delete;

    [[nodiscard]] const std::shared_ptr<offload_loop>& calls() const { return calls_; }

private:
    void shutdown() override { calls_->close(); }

    std::shared_ptr<offload_loop> calls_ = std::make_shared<offload_loop>();
};

boost::asio::execution_context::id offload_service::id;

} // namespace

std::shared_ptr<offload_loop> offload_loop::of(boost::asio::execution_context& context) {
    return boost::asio::use_service<offload_service>(context).calls();
}

bool offload_loop::add(const std::shared_ptr<offload_call>& call) {
    const std::scoped_lock lock(mutex_);
    if (!closed_) {
        open_.emplace(call.get(), call);
    }
    return !closed_;
}

bool offload_loop::claim(offload_call& call) noexcept {
    const std::scoped_lock lock(mutex_);
    const auto claimed = open_.erase(&call) != 0; // not the last reference: the caller has one
    completing_ += claimed ? 1 : 0;
    return claimed;
}

void offload_loop::completed() noexcept {
    const std::scoped_lock lock(mutex_);
    if (--completing_ == 0) {
        none_completing_.notify_all();
    }
}

void offload_loop::close() noexcept {
    std::unique_lock lock(mutex_);
    closed_ = true;
    const auto calls = std::exchange(open_, {});
    lock.unlock();
    for (const auto& [address, call] : calls) {
        call->abandon();
    }
    lock.lock();
    none_completing_.wait(lock, [this] { return completing_ == 0; });
}

} // namespace loopmon::detail
