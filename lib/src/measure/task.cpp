// SPDX-License-Identifier: MIT
#include <loopmon/task.hpp>

#include "measure/loop_state.hpp"

#include <utility>

namespace loopmon {

task::task() noexcept = default;

task::task(boost::asio::execution_context& context, std::string_view name,
           const boost::source_location& where)
    : loop_(measure::state_of(context)),
      slot_(loop_->tasks().add(name, where, std::chrono::steady_clock::now())) {}

task::task(task&& other) noexcept : loop_(std::move(other.loop_)), slot_(other.slot_) {}

task& task::operator=(task&& other) noexcept {
    if (this != &other) {
        done();
        loop_ = std::move(other.loop_);
        slot_ = other.slot_;
    }
    return *this;
}

task::~task() {
    done();
}

void task::done() noexcept {
    if (const auto loop = std::exchange(loop_, nullptr))
        loop->tasks().remove(slot_);
}

} // namespace loopmon
