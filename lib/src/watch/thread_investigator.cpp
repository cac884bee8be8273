// SPDX-License-Identifier: MIT
#include "watch/thread_investigator.hpp"

#include "judge/classify.hpp"
#include "model/bounds.hpp"
#include "proc/syscall_name.hpp"
#include "proc/thread_snapshot.hpp"
#include "stack/symbol/symboliser.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace loopmon::watch {

namespace {

std::optional<unsigned> cpu_percent(const model::stall_evidence& proof) {
    if (!proof.progress || proof.progress->wall <= model::duration::zero()) {
        return std::nullopt;
    }
    // The clocks are read one after the other, so the part may come out larger than the whole.
    const auto ran = std::clamp(proof.progress->cpu, model::duration::zero(), proof.progress->wall);
    return static_cast<unsigned>(ran * 100 / proof.progress->wall);
}

/// The functions and their lines are left to whoever prints the stack.
model::stack_text text_of(stack::symboliser stack) {
    auto brief = model::bounded_lines(stack.brief_lines());
    return {std::move(brief),
            [stack = std::move(stack)] { return model::bounded_lines(stack.lines()); }};
}

} // namespace

class thread_investigator::of_thread final : public investigation {
public:
    of_thread(thread_investigator& by, pid_t thread)
        : by_(by),
          probe_(thread),
          before_(probe_.sample()),
          awake_(stack::look_whether_awake(thread)) {}

    [[nodiscard]] finding conclude(model::time_point, const suspicion& of) override {
        const auto seen = probe_.sample();
        const auto machine = by_.machine_.sample();
        auto proof = proc::evidence(before_, seen, of.handler_age, of.lag, of.handlers_in_turn);
        proof.cpu_limit = machine.cpu_limit;
        finding found;
        found.cause = judge::classify(proof);
        found.culprit.syscall = proc::syscall_text(seen, &before_);
        found.culprit.waiting_in = seen.wchan;
        found.culprit.cpu_percent = cpu_percent(proof);
        found.culprit.machine = proc::machine_text(before_, seen, machine);
        if (of.with_stack && found.cause != of.known && info_of(found.cause).stack) {
            found.culprit.stack =
                text_of(stack::symboliser(by_.catcher_.capture(probe_.thread(), of.still, awake_)));
        }
        before_ = seen;
        return found;
    }

private:
    thread_investigator& by_;
    proc::thread_reader probe_;
    proc::thread_snapshot before_;           ///< at the last look
    std::optional<stack::seen_awake> awake_; ///< at the first
};

std::unique_ptr<investigation> thread_investigator::begin(pid_t thread, model::time_point) {
    return std::make_unique<of_thread>(*this, thread);
}

} // namespace loopmon::watch
