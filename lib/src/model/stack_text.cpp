// SPDX-License-Identifier: MIT
#include "model/stack_text.hpp"

#include <mutex>
#include <utility>

namespace loopmon::model {

struct stack_text::shared {
    std::mutex making; ///< held while complete() runs
    std::function<lines_type()> complete;
    std::mutex reading; ///< held while `lines` is touched
    lines_type lines;
};

stack_text::stack_text(lines_type whole) : stack_text(std::move(whole), nullptr) {}

stack_text::stack_text(lines_type brief, std::function<lines_type()> complete) {
    if (!brief.empty()) {
        shared_ = std::make_shared<shared>();
        shared_->lines = std::move(brief);
        shared_->complete = std::move(complete);
    }
}

void stack_text::complete() const noexcept {
    if (!shared_) {
        return;
    }
    const std::lock_guard once(shared_->making);
    // Also frees what it holds, when it was called.
    if (const auto make = std::exchange(shared_->complete, nullptr)) {
        try {
            auto whole = make();
            const std::lock_guard lock(shared_->reading);
            shared_->lines.swap(whole);
        } catch (...) { // the brief text says where, too
        }
    }
}

stack_text::lines_type stack_text::lines() const {
    if (!shared_) {
        return {};
    }
    const std::lock_guard lock(shared_->reading);
    return shared_->lines;
}

} // namespace loopmon::model
