// SPDX-License-Identifier: MIT
#include "judge/pause_judge.hpp"

namespace loopmon::judge {

namespace {

paused summed(const recurrence::summary& all) {
    return {.lasted = all.total, .count = all.count, .peak = all.peak, .span = all.span};
}

} // namespace

void pause_judge::paused(time_point now, duration lasted, events& out) {
    end_series(now, out);
    const auto longest = series_.peak();
    series_.add(now, lasted);
    if (series_.count() <= recurrence::few || lasted > 2 * longest) {
        out.push_back(model::paused{.lasted = lasted});
    }
    step(now, out);
}

void pause_judge::step(time_point now, events& out) {
    end_series(now, out);
    if (const auto all = series_.take_summary(now)) {
        out.push_back(summed(*all));
    }
}

void pause_judge::end_series(time_point now, events& out) {
    const bool has_more = series_.has_more(); // else the last summary had it all
    if (const auto all = series_.take_end(now); all && has_more) {
        out.push_back(summed(*all));
    }
}

} // namespace loopmon::judge
