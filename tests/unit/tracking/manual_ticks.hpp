// SPDX-License-Identifier: MIT
#pragma once

#include "measure/cycle_clock.hpp"
#include "measure/loop_state.hpp"
#include "support/loop_of.hpp"

#include <chrono>

namespace loopmon::test {

/// The time that the hooks see: it stands until a test moves it. One thread.
class manual_ticks {
public:
    static std::chrono::steady_clock::time_point now() {
        return std::chrono::steady_clock::time_point(since_start);
    }
    static void advance(std::chrono::nanoseconds by) {
        since_start += by;
        measure::cycle_clock::set_manual(since_start);
    }

private:
    // Not zero: what a forgotten time looks like.
    static inline std::chrono::nanoseconds since_start = std::chrono::hours(1);
    // Before any handler, whichever test runs first.
    static inline const bool chosen = [] {
        measure::cycle_clock::set_manual(since_start);
        return true;
    }();
};

inline measure::loop_tracking& tracking_of(boost::asio::execution_context& context) {
    return test::state_of(context)->tracking();
}

} // namespace loopmon::test
