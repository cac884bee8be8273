// SPDX-License-Identifier: MIT
#include "watch/busy_handlers.hpp"

#include "measure/expectation.hpp"
#include "watch/handler_name.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace loopmon::watch {

namespace {

duration age_of(const measure::running_handler& handler, time_point now,
                const pause_ledger& pauses) {
    return std::max(duration::zero(), (now - handler.began) - pauses.excluded(handler.began, now));
}

bool is_announced(const measure::running_handler& handler, time_point now) {
    const auto said = measure::expectation_of(handler.thread);
    return said && now < said->until;
}

bool is_same(const measure::running_handler& a, const measure::running_handler& b) {
    return a.thread == b.thread && a.sequence == b.sequence;
}

} // namespace

busy_handlers::busy_handlers(std::string loop_name, std::shared_ptr<measure::loop_state> loop,
                             investigator& finder)
    : name_(std::move(loop_name)), loop_(std::move(loop)), finder_(finder) {}

void busy_handlers::step(const look& at, const std::vector<measure::running_handler>& running,
                         model::events& out) {
    next_ = time_point::max();
    std::erase_if(entries_, [&](const entry& known) {
        if (still_runs(known.handler)) {
            return false;
        }
        end(at.now, false, known, out);
        return true;
    });
    for (const auto& handler : running) {
        watch(at, handler, out);
    }
}

void busy_handlers::watch(const look& at, const measure::running_handler& handler,
                          model::events& out) {
    const auto age = age_of(handler, at.now, at.pauses);
    if (is_announced(handler, at.now)) {
        return;
    }
    if (age < at.critical / 2) { // the first of two looks is due then
        next_ = std::min(next_, at.now + (at.critical / 2 - age));
        return;
    }
    auto known = std::find_if(entries_.begin(), entries_.end(),
                              [&](const entry& each) { return is_same(each.handler, handler); });
    if (known == entries_.end()) {
        known = entries_.insert(entries_.end(), entry{.handler = handler, .news = at.critical});
        try {
            known->found = finder_.begin(handler.thread, at.now);
        } catch (const std::bad_alloc&) { // then it is reported without a cause
        }
    }
    known->age = age;
    if (age >= known->news) {
        report(at, *known, out);
    }
    next_ = std::min(next_, at.now + (known->news - age));
}

void busy_handlers::report(const look& at, entry& of, model::events& out) {
    if (of.episode == 0) {
        of.episode = at.new_episode();
    }
    const bool reported = at.budget.spend(at.now);
    of.reported |= reported;
    try {
        if (of.found) {
            auto seen = of.found->conclude(
                at.now, {.lag = of.age,
                         .handler_age = of.age,
                         .with_stack = at.stacks && reported,
                         .still = [this, handler = of.handler] { return still_runs(handler); }});
            of.cause = seen.cause;
            of.culprit = std::move(seen.culprit);
        }
        identify(of.culprit, of.handler.object, of.handler.operation, of.handler.task);
    } catch (const std::bad_alloc&) { // the report says how long, and not where
    }
    out.emplace_back(model::stall{.loop = name_,
                                  .episode = of.episode,
                                  .severity = model::level::degraded,
                                  .lag = of.age,
                                  .threshold = at.critical,
                                  .cause = of.cause,
                                  .active_tasks = at.active_tasks,
                                  .culprit = of.culprit,
                                  .thread = of.handler.thread,
                                  .reported = reported});
    while (of.news <= of.age) {
        of.news *= 2;
    }
}

void busy_handlers::end(time_point ended, bool unwatched, const entry& of, model::events& out) {
    if (of.episode == 0) {
        return;
    }
    const auto lasted = std::max(of.age, duration(ended - of.handler.began));
    out.emplace_back(model::recovered{.loop = name_,
                                      .episode = of.episode,
                                      .lasted = lasted,
                                      .peak = lasted,
                                      .cause = of.cause,
                                      .unwatched = unwatched,
                                      .thread = of.handler.thread,
                                      .reported = of.reported});
}

void busy_handlers::finish(time_point now, model::events& out) {
    for (const auto& known : entries_) {
        end(now, still_runs(known.handler), known, out);
    }
    entries_.clear();
}

bool busy_handlers::still_runs(const measure::running_handler& handler) const {
    const auto running = loop_->tracking().running();
    return std::any_of(running.begin(), running.end(),
                       [&](const auto& each) { return is_same(each, handler); });
}

std::uint32_t count_busy_threads(const measure::loop_state& loop, time_point now, duration limit,
                                 const pause_ledger& pauses) {
    const auto running = loop.tracking().running();
    return static_cast<std::uint32_t>(
        std::count_if(running.begin(), running.end(), [&](const auto& handler) {
            return age_of(handler, now, pauses) >= limit && !is_announced(handler, now);
        }));
}

} // namespace loopmon::watch
