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
void loop_watch::investigate(const round& at, const loop_delay::reading& is) {
    const auto id = delay_.id();
    if (is.growing == duration::zero() || id != investigated_) {
        investigation_.reset();
        concluded_at_ = {};
        cause_ = model::cause::none;
        if (judge_.state() == model::level::nominal) {
            culprit_ = {};
        }
    }
    const auto news = judge_.next_report_lag();
    const auto thread = delay_.thread();
    if (is.growing == duration::zero() || is.growing < std::min(news, at.trip_lag) / 2 ||
        thread == 0) {
        return;
    }
    if (!investigation_ || thread != suspect_) {
        culprit_ = {};
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
        conclude(at, is.growing, at.stacks, cause_);
    }
}

void loop_watch::conclude(const round& at, duration lag, bool with_stack, model::cause known) {
    concluded_at_ = lag;
    const auto handler = delay_.handler();
    const auto sequence = handler ? handler->sequence : 0;
    const auto id = delay_.id();
    suspicion of{.lag = lag,
                 .handler_age = {},
                 .handlers_in_turn = loop_->tracking().turn().handlers,
                 .with_stack = with_stack,
                 .known = known,
                 .still = [this, id, sequence] {
                     const auto present = delay_.handler();
                     return delay_.id() == id && (present ? present->sequence : 0) == sequence;
                 }};
    if (handler) {
        of.handler_age = std::max(duration::zero(), duration(at.now - handler->began));
    }
    auto found = investigation_->conclude(at.now, of);
    if (found.culprit.stack.empty() && found.cause == cause_ && sequence == concluded_of_) {
        found.culprit.stack =
            std::move(culprit_.stack); // none was asked for: the last one is still valid
    }
    concluded_of_ = sequence;
    cause_ = found.cause;
    culprit_ = std::move(found.culprit);
    culprit_.handlers = of.handlers_in_turn;
    if (handler) {
        identify(culprit_, handler->object, handler->operation, handler->task);
    }
    if (loop_->tracking().active()) {
        culprit_.pending = statistics_.pending();
        culprit_.has_pending = true;
    }
}

// What was over before it could be looked at was not the loop's fault if the watcher waited for a
// CPU for most of that time, too. The share is that of judge::classify().
model::cause loop_watch::cause_at(const round& at) const {
    if (reading_.growing > duration::zero()) {
        return cause_;
    }
    constexpr int starved_percent = 60;
    const bool unexplained =
        judge_.state() == model::level::nominal || judge_.why() == model::cause::unknown;
    const bool starved = reading_.completed >= settings_.lag.warn &&
                         at.waited * 100 >= reading_.completed * starved_percent;
    return unexplained && starved ? model::cause::starved : model::cause::none;
}

// A wait is not reported as far as the loop was late in that time, or nothing was to be judged.
std::optional<judge::late_work> loop_watch::longest_wait(const round& at) {
    auto& tracking = loop_->tracking();
    const auto least = settings_.lag.warn / 2;
    const auto longest = tracking.active() ? tracking.take_longest_wait(least) : std::nullopt;
    if (!longest || reading_.growing >= least) {
        return std::nullopt;
    }
    auto from = std::max(time_point(longest->began - longest->waited), judge_.judged_from());
    if (const auto late_until = last_delay_ended()) {
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
