// SPDX-License-Identifier: MIT
#include <loopmon/task.hpp>

#include "measure/hooks.hpp"
#include "measure/loop_state.hpp"

#include <utility>

namespace loopmon {

namespace detail {

std::uint64_t current_task() noexcept {
    return measure::current_task();
}

task_scope::task_scope(std::uint64_t task) noexcept : before_(measure::current_task()) {
    measure::switch_task(task);
}

task_scope::~task_scope() {
    measure::switch_task(before_);
}

} // namespace detail

task::task() noexcept = default;

task::task(boost::asio::execution_context& context, std::string_view name,
           const source_location& where)
    : task(context, name, where, false) {}

task::task(boost::asio::execution_context& context, std::string_view name,
           const source_location& where, bool offloaded)
    : loop_(measure::state_of(context)),
      word_(loop_->tasks().add({.name = name,
                                .where = where,
                                .began = std::chrono::steady_clock::now(),
                                .parent = measure::current_task(),
                                .offloaded = offloaded})) {}

task::task(task&& other) noexcept
    : loop_(std::move(other.loop_)), word_(std::exchange(other.word_, 0)) {}

task& task::operator=(task&& other) noexcept {
    if (this != &other) {
        done();
        loop_ = std::move(other.loop_);
        word_ = std::exchange(other.word_, 0);
    }
    return *this;
}

task::~task() {
    done();
}

void task::done() noexcept {
    const auto word = std::exchange(word_, 0);
    if (const auto loop = std::exchange(loop_, nullptr)) {
        loop->tasks().remove(word);
    }
}

task::scope task::enter() const noexcept {
    return scope(word_);
}

} // namespace loopmon
