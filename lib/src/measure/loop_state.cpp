// SPDX-License-Identifier: MIT
#include "measure/loop_state.hpp"

#include "base/fork.hpp"
#include "measure/poll_hook.hpp"
#include "measure/run_calls.hpp"
#include "measure/thread_record.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cassert>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace loopmon::measure {

bool loop_state::claim(boost::asio::io_context& io) {
    assert(state_of(io).get() == this);
    const std::scoped_lock lock(mutex_);
    if (context_ != nullptr && claimed_in_ == base::forks()) {
        return false;
    }
    forget_polls(*tracking_); // in a child, of another descriptor
    watch_polls(io, *tracking_);
    context_ = &io;
    claimed_in_ = base::forks();
    return true;
}

void loop_state::release() {
    const std::scoped_lock lock(mutex_);
    context_ = nullptr;
}

bool loop_state::running() const {
    std::optional<bool> seen;
    try {
        if (const auto threads = threads_that_run(1)) {
            seen = !threads->empty();
        }
    } catch (const std::bad_alloc&) { // not known then
    }
    bool handles = false;
    tracking_->each_running([&handles](const running_handler&) { handles = true; });
    const std::scoped_lock lock(mutex_);
    return context_ != nullptr && seen.value_or(!context_->stopped() || handles);
}

std::optional<std::vector<pid_t>> loop_state::running_threads() const {
    return threads_that_run(std::numeric_limits<std::size_t>::max());
}

std::optional<std::vector<pid_t>> loop_state::threads_that_run(std::size_t at_most) const {
    if (!runs_seen_.load(std::memory_order_acquire)) {
        return std::nullopt;
    }
    try {
        return run_calls::threads_in(name_, at_most);
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

void loop_state::runs_here(boost::asio::io_context& io) noexcept {
    if (runs_seen_.load(std::memory_order_acquire)) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    name_ = run_calls::name_of(io);
    runs_seen_.store(run_calls::can_be_seen(name_), std::memory_order_release);
}

bool loop_state::post(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    if (context_ == nullptr) {
        return false;
    }
    boost::asio::post(*context_, std::move(work));
    return true;
}

bool loop_state::gone() const {
    const std::scoped_lock lock(mutex_);
    return gone_;
}

void loop_state::context_destroyed() {
    const std::scoped_lock lock(mutex_);
    gone_ = true;
    context_ = nullptr;
}

namespace {

void keep_for_good(const std::shared_ptr<loop_tracking>& loop) {
    // Never destroyed: contexts may end after the objects with static storage.
    static auto& mutex = *new std::mutex;
    static auto& kept = *new std::vector<std::shared_ptr<loop_tracking>>;
    const std::scoped_lock lock(mutex);
    kept.push_back(loop);
}

} // namespace

boost::asio::execution_context::id loop_service::id;

loop_service::loop_service(boost::asio::execution_context& context)
    : boost::asio::execution_context::service(context), state_(std::make_shared<loop_state>()) {}

void loop_service::shutdown() {
    forget_polls(state_->tracking()); // before its descriptor is closed and may be used again
    state_->context_destroyed();
}

loop_service::~loop_service() {
    state_->tracking().end();
    thread_record::forget_loops();
    if (state_->tracking().totals().live() != 0) {
        // Handlers that asio leaks, or destroys after its services, still name this loop.
        keep_for_good(state_->shared_tracking());
    }
}

const std::shared_ptr<loop_state>& state_of(boost::asio::execution_context& context) {
    return boost::asio::use_service<loop_service>(context).state();
}

void note_run(boost::asio::io_context& io) noexcept {
    try {
        state_of(io)->runs_here(io);
    } catch (const std::bad_alloc&) { // at the next sample
    }
}

} // namespace loopmon::measure
