// SPDX-License-Identifier: MIT
#include "watch/lag_window.hpp"

#include <limits>

namespace loopmon::watch {

void lag_window::step(judge::time_point now, const measure::histogram& lags) {
    if (now - slot_began_ < slot_length) {
        return;
    }
    slot closing{slot_began_, slot_max_, {}};
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        const auto count = lags.count(bucket);
        if (const auto grown = count - closed_.counts[bucket]; grown != 0) {
            constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
            closing.counts.emplace_back(static_cast<std::uint16_t>(bucket),
                                        static_cast<std::uint32_t>(std::min(grown, most)));
            closed_.counts[bucket] = count;
        }
    }
    slots_.push_back(std::move(closing));
    while (!slots_.empty() && now - slots_.front().began > longest + slot_length) {
        slots_.pop_front();
    }
    slot_began_ = now;
    slot_max_ = {};
}

report::lag_summary lag_window::over(judge::time_point now, judge::duration length,
                                     const measure::histogram& lags) const {
    auto counts = lags.copy();
    counts -= closed_;
    report::lag_summary sum;
    sum.max = slot_max_;
    for (auto closed = slots_.rbegin(); closed != slots_.rend() && now - closed->began <= length;
         ++closed) {
        for (const auto& [bucket, count] : closed->counts) {
            counts.counts[bucket] += count;
        }
        sum.max = std::max(sum.max, closed->max);
    }
    sum.samples = counts.total();
    const auto at = [&](double fraction) {
        const auto value = counts.percentile(fraction);
        return sum.max > judge::duration::zero() ? std::min<judge::duration>(value, sum.max)
                                                 : value;
    };
    sum.p50 = at(0.5);
    sum.p90 = at(0.9);
    sum.p99 = at(0.99);
    sum.p999 = at(0.999);
    return sum;
}

} // namespace loopmon::watch
