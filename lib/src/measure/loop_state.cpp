// SPDX-License-Identifier: MIT
#include "measure/loop_state.hpp"

#include "base/fork.hpp"
#include "measure/polled_loops.hpp"
#include "measure/thread_record.hpp"

#include <limits>
#include <new>
#include <utility>

namespace loopmon::measure {

namespace {

void keep_for_good(const std::shared_ptr<loop_tracking>& loop) {
    // Never destroyed: loops may end after the objects with static storage.
    static auto& mutex = *new std::mutex;
    static auto& kept = *new std::vector<std::shared_ptr<loop_tracking>>;
    const std::scoped_lock lock(mutex);
    kept.push_back(loop);
}

} // namespace

loop_state::loop_state(std::unique_ptr<loop_adapter> adapter, loop_traits shown)
    : adapter_(std::move(adapter)),
      sampled_(shown.sampled),
      tracking_(std::make_shared<loop_tracking>(shown.tracked)) {}

loop_state::~loop_state() {
    if (!tracking_->over()) {
        end();
    }
}

bool loop_state::claim() {
    const std::scoped_lock lock(mutex_);
    if (claimed_ && claimed_in_ == base::forks()) {
        return false;
    }
    forget_polls(*tracking_); // in a child, of another descriptor
    if (adapter_) {
        adapter_->watched();
    } else {
        tracking_->watch_turns();
    }
    claimed_ = true;
    claimed_in_ = base::forks();
    return true;
}

void loop_state::release() {
    const std::scoped_lock lock(mutex_);
    claimed_ = false;
}

bool loop_state::claimed() const {
    const std::scoped_lock lock(mutex_);
    return claimed_;
}

bool loop_state::running() const {
    if (!claimed() || tracking_->over()) {
        return false;
    }
    if (!adapter_) {
        return true;
    }
    std::optional<bool> seen;
    if (const auto found = threads(1)) {
        seen = !found->empty();
    }
    bool handles = false;
    tracking_->each_running([&handles](const running_handler&) { handles = true; });
    return seen.value_or(!adapter_->stopped() || handles);
}

std::optional<std::vector<pid_t>> loop_state::running_threads() const {
    return threads(std::numeric_limits<std::size_t>::max());
}

std::optional<std::vector<pid_t>> loop_state::threads(std::size_t at_most) const {
    if (!adapter_) {
        return std::nullopt;
    }
    try {
        return adapter_->threads(at_most);
    } catch (const std::bad_alloc&) { // not known then
        return std::nullopt;
    }
}

bool loop_state::post(std::function<void()> work) {
    return adapter_ && claimed() && adapter_->post(std::move(work));
}

void loop_state::end() noexcept {
    tracking_->end();
    thread_record::forget_loops();
    if (tracking_->totals().live() != 0) {
        // Handlers that are destroyed after the loop, or never, still name it.
        keep_for_good(tracking_);
    }
}

} // namespace loopmon::measure
