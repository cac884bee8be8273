// SPDX-License-Identifier: MIT
//
// At most `per_minute` alerts in any sixty seconds, and a true count of the rest. A sliding window
// (the times of the last `per_minute` alerts), so no minute, wherever it starts, sees more.
#pragma once

#include "model/time.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace loopmon::judge {

class alert_budget {
public:
    explicit alert_budget(unsigned per_minute) : per_minute_(per_minute) {}

    /// Changes the rate; what was spent stays spent.
    void configure(unsigned per_minute) { per_minute_ = per_minute; }

    /// True: the alert may be printed, and is paid for. False: it is counted as suppressed.
    [[nodiscard]] bool spend(time_point now);

    /// Counts an alert that is held back for another reason, and reported otherwise.
    void withhold() { ++total_; }

    /// Whether spend() would return true.
    [[nodiscard]] bool allows(time_point now) const;

    /// The number of alerts held back since the last report of it, once a minute has passed since
    /// the first of them; nothing otherwise. Resets that count.
    [[nodiscard]] std::optional<std::uint64_t> take_report(time_point now);

    /// When take_report() will have something to say; time_point::max() if nothing is held back.
    [[nodiscard]] time_point next_check() const;

    /// Alerts held back so far.
    [[nodiscard]] std::uint64_t total_suppressed() const { return total_; }

private:
    unsigned per_minute_;
    std::deque<time_point> spent_;
    time_point first_suppressed_{};
    std::uint64_t unreported_ = 0;
    std::uint64_t total_ = 0;
};

} // namespace loopmon::judge
