// SPDX-License-Identifier: MIT
#include "judge/alert_budget.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace loopmon::judge {

namespace {
constexpr duration window = std::chrono::minutes(1); // the rate is given per minute
}

bool alert_budget::allows(time_point now) const {
    const auto counting = std::count_if(spent_.begin(), spent_.end(),
                                        [now](time_point when) { return now - when < window; });
    return counting < static_cast<std::ptrdiff_t>(per_minute_);
}

bool alert_budget::spend(time_point now) {
    while (!spent_.empty() && now - spent_.front() >= window) {
        spent_.pop_front();
    }
    if (spent_.size() < per_minute_) {
        spent_.push_back(now);
        return true;
    }
    if (unreported_ == 0) {
        first_suppressed_ = now;
    }
    ++unreported_;
    ++total_;
    return false;
}

std::optional<std::uint64_t> alert_budget::take_report(time_point now) {
    if (unreported_ == 0 || now - first_suppressed_ < window) {
        return std::nullopt;
    }
    return std::exchange(unreported_, 0);
}

time_point alert_budget::next_check() const {
    return unreported_ == 0 ? time_point::max() : first_suppressed_ + window;
}

} // namespace loopmon::judge
