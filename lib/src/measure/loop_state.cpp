// SPDX-License-Identifier: MIT
#include "measure/loop_state.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cassert>
#include <utility>

namespace loopmon::measure {

bool loop_state::claim(boost::asio::io_context& io) {
    assert(state_of(io).get() == this);
    const std::scoped_lock lock(mutex_);
    if (context_ != nullptr)
        return false;
    context_ = &io;
    return true;
}

void loop_state::release() {
    const std::scoped_lock lock(mutex_);
    context_ = nullptr;
}

bool loop_state::running() const {
    const std::scoped_lock lock(mutex_);
    return context_ != nullptr && !context_->stopped();
}

bool loop_state::post(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    if (context_ == nullptr)
        return false;
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

boost::asio::execution_context::id loop_service::id;

loop_service::loop_service(boost::asio::execution_context& context)
    : boost::asio::execution_context::service(context), state_(std::make_shared<loop_state>()) {}

void loop_service::shutdown() {
    state_->context_destroyed();
}

const std::shared_ptr<loop_state>& state_of(boost::asio::execution_context& context) {
    return boost::asio::use_service<loop_service>(context).state();
}

} // namespace loopmon::measure
