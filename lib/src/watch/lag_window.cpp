// SPDX-License-Identifier: MIT
#include "watch/lag_window.hpp"

#include <limits>

namespace loopmon::watch {

namespace {

/// Zero where the copy is of a moment before: the loop writes while it is copied.
std::uint64_t grown(std::uint64_t count, std::uint64_t before, std::uint64_t unit) {
    return count > before ? (count - before) / unit : 0;
}

} // namespace

void lag_window::step(model::time_point now, const measure::bucket_counts& recorded,
                      model::duration busy) {
    if (!due(now)) {
        return;
    }
    slot closing{slot_began_, slot_max_, busy - closed_busy_, {}};
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        auto& closed = closed_.counts[bucket];
        if (const auto more = grown(recorded.counts[bucket], closed, unit_); more != 0) {
            constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
            closing.counts.emplace_back(static_cast<std::uint16_t>(bucket),
                                        static_cast<std::uint32_t>(std::min(more, most)));
            closed += more * unit_;
        }
    }
    slots_.push_back(std::move(closing));
    while (!slots_.empty() && now - slots_.front().began > longest + slot_length) {
        slots_.pop_front();
    }
    slot_began_ = now;
    slot_max_ = {};
    closed_busy_ = busy;
}

lag_window::sum lag_window::over(model::time_point now, model::duration length,
                                 const measure::bucket_counts& recorded,
                                 model::duration busy) const {
    sum all{{}, slot_max_, busy - closed_busy_, now - slot_began_};
    for (std::size_t bucket = 0; bucket < measure::bucket_count; ++bucket) {
        all.counts.counts[bucket] = grown(recorded.counts[bucket], closed_.counts[bucket], unit_);
    }
    for (auto closed = slots_.rbegin(); closed != slots_.rend() && now - closed->began <= length;
         ++closed) {
        for (const auto& [bucket, count] : closed->counts) {
            all.counts.counts[bucket] += count;
        }
        all.max = std::max(all.max, closed->max);
        all.busy += closed->busy;
        all.covered = now - closed->began;
    }
    return all;
}

model::lag_summary summarise(const measure::bucket_counts& counts, model::duration max) {
    model::lag_summary is;
    is.max = max;
    is.samples = counts.total();
    const auto at = [&](double fraction) {
        const auto value = counts.percentile(fraction);
        return max > model::duration::zero() ? std::min<model::duration>(value, max) : value;
    };
    is.p50 = at(0.5);
    is.p90 = at(0.9);
    is.p99 = at(0.99);
    is.p999 = at(0.999);
    return is;
}

} // namespace loopmon::watch
