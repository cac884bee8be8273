// SPDX-License-Identifier: MIT
//
// When READY=1 may go out, as far as time decides it. A program that lets the monitor send it
// watches its loops one after the other; the first may turn before the second is known. So READY=1
// waits until no loop has been added for a moment. A loop that never runs holds it back for good,
// and then somebody should read why.
#pragma once

#include "model/time.hpp"

#include <optional>

namespace loopmon::watch {

class start_up {
public:
    /// Between two calls of watch() of one start are microseconds, and a start takes longer.
    static constexpr model::duration settling = std::chrono::milliseconds(20);
    /// Longer than a start should take, well under the 90 s after which systemd ends it.
    static constexpr model::duration patience = std::chrono::seconds(10);

    /// @param asked the program says that it is ready, and has watched its loops before
    void wanted(model::time_point now, bool asked) {
        asked_ = asked_ || asked;
        wanted_ = wanted_ ? wanted_ : now;
    }
    void loop_added(model::time_point now) { added_ = now; }

    [[nodiscard]] bool is_wanted() const { return wanted_.has_value(); }
    /// When all loops are known; a moment that has passed if they are.
    [[nodiscard]] model::time_point settled() const {
        return asked_ ? model::time_point() : added_ + settling;
    }
    /// Once, when it has been waited for too long.
    [[nodiscard]] bool take_overdue(model::time_point now) {
        const bool overdue = !reported_ && wanted_ && now - *wanted_ >= patience;
        reported_ = reported_ || overdue;
        return overdue;
    }

private:
    std::optional<model::time_point> wanted_;
    model::time_point added_{};
    bool asked_ = false;
    bool reported_ = false;
};

} // namespace loopmon::watch
