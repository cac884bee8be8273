// SPDX-License-Identifier: MIT
//
// Finds out why a thread keeps its loop waiting. It looks twice: once when a delay is half of
// what would be reported, and again when it is reported, for what a thread did meanwhile says more
// than what it does at one moment. Each later look is compared with the one before it. An
// interface, so that tests can play the evidence.
#pragma once

#include "model/event.hpp"
#include "model/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <sys/types.h>

namespace loopmon::watch {

/// What the loop itself says about the thread in question.
struct suspicion {
    model::duration lag{};
    std::optional<model::duration> handler_age; ///< nothing: not known, or no handler runs
    std::uint64_t handlers_in_turn = 0;         ///< that have ended in the turn that is late
    bool with_stack = false;
    model::cause known = model::cause::none; ///< no stack if it is this one still
    /// Whether the thread is still in the same handler; called from the watcher thread, around the
    /// capture.
    std::function<bool()> still;
};

struct finding {
    model::cause cause = model::cause::unknown;
    model::culprit culprit; ///< what the thread itself shows: system call, stack, machine
};

/// One delay of one thread.
class investigation {
public:
    virtual ~investigation() = default;
    [[nodiscard]] virtual finding conclude(model::time_point now, const suspicion& of) = 0;
};

class investigator {
public:
    virtual ~investigator() = default;
    /// Takes the first look.
    [[nodiscard]] virtual std::unique_ptr<investigation> begin(pid_t thread,
                                                               model::time_point now) = 0;
};

} // namespace loopmon::watch
