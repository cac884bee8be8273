// SPDX-License-Identifier: MIT
#include "watch/thread_investigator.hpp"

#include "judge/classify.hpp"
#include "report/bounded_text.hpp"
#include "watch/symboliser.hpp"
#include "watch/syscall_name.hpp"
#include "watch/thread_snapshot.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace loopmon::watch {

namespace {

std::optional<unsigned> cpu_percent(const judge::stall_evidence& proof) {
    if (!proof.progress || proof.progress->wall <= judge::duration::zero()) {
        return std::nullopt;
    }
    // The clocks are read one after the other, so the part may come out larger than the whole.
    const auto ran = std::clamp(proof.progress->cpu, judge::duration::zero(), proof.progress->wall);
    return static_cast<unsigned>(ran * 100 / proof.progress->wall);
}

/// A stack shows where one handler is. It shows nothing of a thread that does not run it: one that
/// is stopped takes no signal, and of many short handlers it would show an innocent one.
bool stack_tells(judge::cause why) {
    return why != judge::cause::paused && why != judge::cause::traced &&
           why != judge::cause::congestion;
}

/// The functions and their lines are left to who tells of the stack.
judge::stack_text text_of(symboliser stack) {
    auto brief = report::bounded_lines(stack.brief_lines());
    return {std::move(brief),
            [stack = std::move(stack)] { return report::bounded_lines(stack.lines()); }};
}

} // namespace

class thread_investigator::of_thread final : public investigation {
public:
    of_thread(thread_investigator& by, pid_t thread)
        : by_(by), probe_(thread), before_(probe_.look()), awake_(look_whether_awake(thread)) {}

    [[nodiscard]] finding conclude(judge::time_point, const suspicion& of) override {
        const auto seen = probe_.look();
        const auto machine = by_.machine_.look();
        auto proof = evidence(before_, seen, of.handler_age, of.lag, of.handlers_in_turn);
        proof.cpu_limit = machine.cpu_limit;
        finding found;
        found.why = judge::classify(proof);
        found.who.syscall = syscall_text(seen, &before_);
        found.who.waiting_in = seen.wchan;
        found.who.cpu_percent = cpu_percent(proof);
        found.who.machine = machine_text(before_, seen, machine);
        if (of.with_stack && found.why != of.known && stack_tells(found.why)) {
            found.who.stack =
                text_of(symboliser(by_.catcher_.capture(probe_.thread(), of.still, awake_)));
        }
        before_ = seen;
        return found;
    }

private:
    thread_investigator& by_;
    thread_probe probe_;
    thread_snapshot before_;          ///< at the last look
    std::optional<seen_awake> awake_; ///< at the first
};

std::unique_ptr<investigation> thread_investigator::begin(pid_t thread, judge::time_point) {
    return std::make_unique<of_thread>(*this, thread);
}

} // namespace loopmon::watch
