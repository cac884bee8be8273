// SPDX-License-Identifier: MIT
#include "loop_service.hpp"

#include "epoll_descriptor.hpp"
#include "run_calls.hpp"

#include <loopmon/detail/task_handler.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <vector>

namespace loopmon::detail {

namespace {

context_adapter& adapter_at(void* userdata) noexcept {
    return *static_cast<context_adapter*>(userdata);
}

} // namespace

loopmon_loop_ops context_adapter::ops() noexcept {
    loopmon_loop_ops ops{};
    ops.size = sizeof ops;
    ops.threads = [](void* self, pid_t* ids, std::size_t max) noexcept {
        return adapter_at(self).threads(ids, max);
    };
    ops.stopped = [](void* self) noexcept { return adapter_at(self).stopped() ? 1 : 0; };
    ops.post = [](void* self, void (*work)(void*), void* argument) noexcept {
        return adapter_at(self).post(work, argument);
    };
    ops.watched = [](void* self) noexcept { return adapter_at(self).watched(); };
    ops.destroy = [](void* self) noexcept { delete &adapter_at(self); };
    ops.flags = LOOPMON_LOOP_SAMPLED;
    if (tracks_handlers) {
        ops.flags |= LOOPMON_LOOP_TRACKED;
    }
    return ops;
}

void context_adapter::bind(boost::asio::io_context& io, loopmon_loop& loop) {
    const std::scoped_lock lock(mutex_);
    context_ = &io;
    loop_ = &loop;
}

void context_adapter::runs_here(boost::asio::io_context& io) noexcept {
    if (runs_seen_.load(std::memory_order_acquire)) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    name_ = run_calls::name_of(io);
    runs_seen_.store(run_calls::can_be_seen(name_), std::memory_order_release);
}

void context_adapter::context_destroyed() {
    const std::scoped_lock lock(mutex_);
    context_ = nullptr;
}

int context_adapter::threads(pid_t* ids, std::size_t max) noexcept {
    if (!runs_seen_.load(std::memory_order_acquire)) {
        return -ENODATA;
    }
    try {
        const auto found = run_calls::threads_in(name_, max);
        if (!found) {
            return -ENODATA;
        }
        std::copy(found->begin(), found->end(), ids);
        return static_cast<int>(found->size());
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
}

bool context_adapter::stopped() noexcept {
    const std::scoped_lock lock(mutex_);
    return context_ == nullptr || context_->stopped();
}

int context_adapter::post(void (*work)(void*), void* argument) noexcept {
    const std::scoped_lock lock(mutex_);
    if (context_ == nullptr) {
        return -ESHUTDOWN;
    }
    try {
        boost::asio::post(*context_, [work, argument] { work(argument); });
        return 0;
    } catch (const std::bad_alloc&) {
        return -ENOMEM;
    }
}

int context_adapter::watched() noexcept {
    const std::scoped_lock lock(mutex_);
    if (!tracks_handlers || context_ == nullptr) {
        return 0;
    }
    try {
        return loopmon_loop_polls(loop_, epoll_descriptor(*context_));
    } catch (const std::exception&) { // what a new reactor needs
        return -ENOMEM;
    }
}

boost::asio::execution_context::id loop_service::id;

loop_service::loop_service(boost::asio::execution_context& context)
    : boost::asio::execution_context::service(context), adapter_(new context_adapter) {
    const auto ops = context_adapter::ops();
    if (loopmon_loop_new(&ops, adapter_, &loop_) < 0) {
        delete adapter_;
        throw std::bad_alloc();
    }
}

void loop_service::shutdown() {
    loopmon_loop_polls(loop_, -1); // before its descriptor is closed and may be used again
    adapter_->context_destroyed();
}

loop_service::~loop_service() {
    loopmon_loop_end(loop_);
    loopmon_loop_unref(loop_);
}

loop_service& service_of(boost::asio::execution_context& context) {
    return boost::asio::use_service<loop_service>(context);
}

void note_run(boost::asio::io_context& io) noexcept {
    try {
        service_of(io).adapter().runs_here(io);
    } catch (const std::bad_alloc&) { // at the next sample
    }
}

} // namespace loopmon::detail
