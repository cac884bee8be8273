// SPDX-License-Identifier: MIT
#include <loopmon/task.hpp>

#include "loop_service.hpp"

#include <utility>

namespace loopmon {

task::task() noexcept = default;

task::task(boost::asio::execution_context& context, std::string_view name,
           const source_location& where)
    : task(context, name, where, 0) {}

task::task(boost::asio::execution_context& context, std::string_view name,
           const source_location& where, std::uint32_t flags)
    : loop_(loopmon_loop_ref(detail::service_of(context).loop())),
      word_(loopmon_task_begin(loop_, name.data(), name.size(), where.file_name(), where.line(),
                               flags)) {}

task::task(task&& other) noexcept
    : loop_(std::exchange(other.loop_, nullptr)), word_(std::exchange(other.word_, 0)) {}

task& task::operator=(task&& other) noexcept {
    if (this != &other) {
        done();
        loop_ = std::exchange(other.loop_, nullptr);
        word_ = std::exchange(other.word_, 0);
    }
    return *this;
}

task::~task() {
    done();
}

void task::done() noexcept {
    const auto word = std::exchange(word_, 0);
    if (auto* const loop = std::exchange(loop_, nullptr)) {
        loopmon_task_end(loop, word);
        loopmon_loop_unref(loop);
    }
}

task::scope task::enter() const noexcept {
    return scope(word_);
}

} // namespace loopmon
