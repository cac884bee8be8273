// SPDX-License-Identifier: MIT
#include "watch/pause_ledger.hpp"

#include <algorithm>

namespace loopmon::watch {

void pause_ledger::add(time_point begin, time_point end) noexcept {
    if (size_ == capacity) {
        // Pairs of the older half: what is recent stays exact.
        constexpr std::size_t merged = capacity / 4;
        for (std::size_t i = 0; i < merged; ++i) {
            const auto& first = spans_[2 * i];
            const auto& second = spans_[2 * i + 1];
            spans_[i] = {first.begin, second.end, first.paused + second.paused};
        }
        std::move(spans_.begin() + 2 * merged, spans_.end(), spans_.begin() + merged);
        size_ -= merged;
    }
    spans_[size_++] = {begin, end, end - begin};
}

duration pause_ledger::span::overlap(time_point from, time_point to) const noexcept {
    const auto common = std::min(to, end) - std::max(from, begin);
    if (common <= duration::zero()) {
        return duration::zero();
    }
    const auto length = end - begin;
    if (common == length || paused == length) {
        return common == length ? paused : common;
    }
    const auto share = static_cast<double>(common.count()) / static_cast<double>(length.count());
    return duration(static_cast<duration::rep>(static_cast<double>(paused.count()) * share));
}

duration pause_ledger::excluded(time_point begin, time_point end) const noexcept {
    duration sum{};
    for (auto i = size_; i > 0 && spans_[i - 1].end > begin; --i) {
        sum += spans_[i - 1].overlap(begin, end);
    }
    return sum;
}

} // namespace loopmon::watch
