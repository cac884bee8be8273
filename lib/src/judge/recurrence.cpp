// SPDX-License-Identifier: MIT
#include "judge/recurrence.hpp"

#include <algorithm>

namespace loopmon::judge {

void recurrence::note(time_point began, time_point ended, duration length) {
    if (count_ == 0 || is_over(began) || began > until_) {
        add(ended, ended - began);
    } else {
        total_ += std::max(duration::zero(), ended - until_);
        until_ = std::max(until_, ended);
    }
    peak_ = std::max(peak_, length);
}

void recurrence::add(time_point ended, duration length) {
    if (count_ == 0 || is_over(ended - length)) {
        reset();
        since_ = ended - length;
        due_ = since_ + first_summary;
    }
    ++count_;
    total_ += length;
    peak_before_ = peak_;
    peak_ = std::max(peak_, length);
    until_ = std::max(until_, ended);
}

duration recurrence::peak_before(time_point began) const {
    return began <= until_ ? peak_before_ : peak_;
}

void recurrence::reset() {
    const auto least = least_;
    *this = {};
    least_ = least;
}

bool recurrence::is_over(time_point now) const {
    return now >= until_ + quiet;
}

recurrence::summary recurrence::sum(time_point until) const {
    return {
        .count = count_, .total = total_, .peak = peak_, .began = since_, .span = until - since_};
}

std::optional<recurrence::summary> recurrence::take_summary(time_point now) {
    if (count_ < least_ || count_ == summed_ || now < due_) {
        return std::nullopt;
    }
    is_on_ = true;
    summed_ = count_;
    due_ = since_ + 2 * (now - since_);
    return sum(now);
}

std::optional<recurrence::summary> recurrence::take_end(time_point now, bool at_once) {
    if (!is_on_ || !(at_once || is_over(now))) {
        return std::nullopt;
    }
    const auto whole = sum(until_);
    reset();
    return whole;
}

time_point recurrence::next_check() const {
    auto next = is_on_ ? until_ + quiet : time_point::max();
    if (count_ >= least_ && count_ != summed_) {
        next = std::min(next, due_);
    }
    return next;
}

} // namespace loopmon::judge
