// SPDX-License-Identifier: MIT
#include "judge/backlog_judge.hpp"

#include <algorithm>
#include <utility>

namespace loopmon::judge {

void backlog_judge::step(const look& at, const std::optional<late_work>& worst, events& out) {
    const auto waited = worst ? worst->waited : duration::zero();
    if (episode_ == 0 ? waited < at.limits.warn : 2 * waited < at.limits.warn) {
        if (at.now >= end_) {
            end(false, out);
        }
        return;
    }
    if (episode_ == 0) {
        episode_ = at.new_episode();
        reported_ = false;
        since_ = worst->began - waited;
        peak_ = duration::zero();
        news_ = at.limits.warn;
    }
    until_ = worst->began;
    peak_ = std::max(peak_, waited);
    end_ = at.now + at.limits.clear_after;
    if (waited < news_) {
        return;
    }
    const bool is_critical = waited >= at.limits.critical;
    news_ = at.limits.critical;
    while (news_ <= waited) {
        news_ *= 2;
    }
    const bool reported = at.budget.spend(at.now);
    reported_ |= reported;
    out.push_back(backlog{.loop = name_,
                          .episode = episode_,
                          .severity = is_critical ? level::stalled : level::degraded,
                          .waited = waited,
                          .threshold = is_critical ? at.limits.critical : at.limits.warn,
                          .handler = worst->handler,
                          .task = worst->task,
                          .spawned = worst->spawned,
                          .active_tasks = at.active_tasks,
                          .reported = reported});
}

void backlog_judge::finish(events& out) {
    if (episode_ != 0) {
        end(true, out);
    }
}

void backlog_judge::end(bool unwatched, events& out) {
    out.push_back(backlog_over{.loop = name_,
                               .episode = episode_,
                               .lasted = until_ - since_,
                               .peak = peak_,
                               .unwatched = unwatched,
                               .reported = reported_});
    episode_ = 0;
    end_ = time_point::max();
}

} // namespace loopmon::judge
