// SPDX-License-Identifier: MIT
//
// A way to stall a thread for real. The thread under test runs stall(); another one looks at it
// 50 ms and 100 ms later, calls end(), and joins it.
#pragma once

#include "model/level.hpp"
#include "model/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

namespace loopmon::test {

/// What a loop with handler tracking would know at the later look.
struct loop_view {
    std::optional<model::duration> handler_age;
    std::uint64_t handlers_in_turn = 0;
    std::optional<double> cpu_limit = std::nullopt; ///< of its control group
};

class provocation {
public:
    provocation() = default;
    provocation(const provocation&) = delete;
    provocation& operator=(const provocation&) = delete;
    virtual ~provocation() = default;

    /// On the thread under test; returns soon after end(). Throws what cannot be done here.
    virtual void stall() = 0;
    /// On the looking thread, once it knows the other one's id, before the first look.
    virtual void begun(pid_t /*thread*/) {}
    virtual void end() { over_ = true; }
    /// On the looking thread, at the later look. One handler that runs all the time, unless said
    /// otherwise.
    [[nodiscard]] virtual loop_view view(model::duration age) { return {age, 0}; }
    /// After the join: whether the stall was what it was to be. The machine may have prevented it.
    [[nodiscard]] virtual bool came_off() const { return true; }
    /// Whether the thread under test is to be short of CPU; otherwise it is favoured over the rest
    /// of the machine, where that is permitted.
    [[nodiscard]] virtual bool competes() const { return false; }

protected:
    [[nodiscard]] bool over() const { return over_; }

private:
    std::atomic<bool> over_{false};
};

/// What this machine cannot provoke, and why: a test that meets it is skipped by name.
struct not_here {
    std::string reason;
};

} // namespace loopmon::test
