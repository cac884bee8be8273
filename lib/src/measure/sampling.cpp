// SPDX-License-Identifier: MIT
#include "measure/sampling.hpp"

#include <algorithm>

namespace loopmon::measure {

sampling::time_point sampling::begin(time_point now) noexcept {
    gauge_->set_thread();
    interval_ = gauge_->interval();
    deadline_ = now + interval_;
    gauge_->set_deadline(deadline_);
    return deadline_;
}

std::optional<sampling::time_point> sampling::fired(time_point now) noexcept {
    gauge_->set_thread();
    const auto in_child = forks_ != base::forks();
    if (in_child && in_child_) {
        in_child_();
    }
    if (in_child || gauge_->stopped()) {
        gauge_->clear_deadline();
        return std::nullopt;
    }
    const nanoseconds lag = std::max(now - deadline_, time_point::duration::zero());
    gauge_->complete({deadline_, lag}, interval_);
    interval_ = gauge_->interval();
    deadline_ += (lag / interval_ + 1) * interval_;
    gauge_->set_deadline(deadline_);
    return deadline_;
}

} // namespace loopmon::measure
