// SPDX-License-Identifier: MIT
//
// The part of loop_watch that finds out who holds a loop up, and what work waited for.
#include "watch/loop_watch.hpp"

#include "watch/handler_name.hpp"

#include <algorithm>
#include <utility>

namespace loopmon::watch {

// The first look is due at half of the lag that is reported, the second when it is reported. A lag
// that might trip, but for a cause that does not, is looked at repeatedly: the cause may have
// changed.
void loop_watch::investigate(const round& at, const lateness::reading& is) {
    const auto id = lateness_.id();
    if (is.growing == duration::zero() || id != investigated_) {
        investigation_.reset();
        concluded_at_ = {};
        why_ = model::cause::none;
        if (judge_.state() == model::level::nominal) {
            who_ = {};
        }
    }
    const auto news = judge_.next_news();
    const auto thread = lateness_.thread();
    if (is.growing == duration::zero() || is.growing < std::min(news, at.trip_lag) / 2 ||
        thread == 0) {
        return;
    }
    if (!investigation_ || thread != suspect_) {
        who_ = {};
        investigated_ = id;
        suspect_ = thread;
        investigation_ = finder_.begin(thread, at.now);
    }
    if (!judge_.judges(at.now) || (is.expected && at.now < is.expected->until)) {
        return; // it is not reported
    }
    if (is.growing >= at.trip_lag && concluded_at_ < at.trip_lag) {
        conclude(at, is.growing, at.stacks); // no budget limits the report of a trip
    } else if (is.growing >= news) {
        conclude(at, is.growing, at.stacks && judge_.would_report(at.now, is.growing));
    } else if (is.growing >= at.trip_lag && is.growing >= concluded_at_ + inquiry_period) {
        conclude(at, is.growing, at.stacks, why_);
    }
}

void loop_watch::conclude(const round& at, duration lag, bool with_stack, model::cause known) {
    concluded_at_ = lag;
    const auto handler = lateness_.handler();
    const auto sequence = handler ? handler->sequence : 0;
    const auto id = lateness_.id();
    suspicion of{.lag = lag,
                 .handler_age = {},
                 .handlers_in_turn = loop_->tracking().turn().handlers,
                 .with_stack = with_stack,
                 .known = known,
                 .still = [this, id, sequence] {
                     const auto present = lateness_.handler();
                     return lateness_.id() == id && (present ? present->sequence : 0) == sequence;
                 }};
    if (handler) {
        of.handler_age = std::max(duration::zero(), duration(at.now - handler->began));
    }
    auto found = investigation_->conclude(at.now, of);
    if (found.who.stack.empty() && found.why == why_ && sequence == concluded_of_) {
        found.who.stack = std::move(who_.stack); // none was asked for: the last one is still valid
    }
    concluded_of_ = sequence;
    why_ = found.why;
    who_ = std::move(found.who);
    who_.handlers = of.handlers_in_turn;
    if (handler) {
        identify(who_, handler->object, handler->operation, handler->task);
    }
    if (loop_->tracking().active()) {
        who_.pending = statistics_.pending();
        who_.has_pending = true;
    }
}

// What was over before it could be looked at was not the loop's fault if the watcher waited for a
// CPU for most of that time, too. The share is that of judge::classify().
model::cause loop_watch::cause_at(const round& at) const {
    if (is_.growing > duration::zero()) {
        return why_;
    }
    constexpr int starved_percent = 60;
    const bool unexplained =
        judge_.state() == model::level::nominal || judge_.why() == model::cause::unknown;
    const bool starved =
        is_.completed >= settings_.lag.warn && at.waited * 100 >= is_.completed * starved_percent;
    return unexplained && starved ? model::cause::starved : model::cause::none;
}

// A wait is not reported as far as the loop was late in that time, or nothing was to be judged.
std::optional<judge::late_work> loop_watch::longest_wait(const round& at) {
    auto& tracking = loop_->tracking();
    const auto least = settings_.lag.warn / 2;
    const auto longest = tracking.active() ? tracking.take_longest_wait(least) : std::nullopt;
    if (!longest || is_.growing >= least) {
        return std::nullopt;
    }
    auto from = std::max(time_point(longest->began - longest->waited), judge_.judged_from());
    if (const auto late_until = last_lateness_ended()) {
        from = std::max(from, *late_until);
    }
    const auto waited = (longest->began - from) - at.pauses.excluded(from, longest->began);
    if (waited < least) {
        return std::nullopt;
    }
    model::culprit who;
    identify(who, longest->object, longest->operation, longest->task);
    return judge::late_work{longest->began, waited, who.handler, who.task, who.spawned};
}

} // namespace loopmon::watch
