// SPDX-License-Identifier: MIT
//
// The article's measurement, made exact: a timer on the monitored loop with *absolute* deadlines.
// lag = fired - deadline, clamped at 0; the next deadline is the first one after now on the grid
// `first + k * interval`, and those that passed meanwhile are recorded as samples of their own.
//
//     interval 100, first 100;  fired at 265: lag 165, of which the one due at 200 has its share;
//     next deadline 300
//
// It ends when its gauge is stopped; and in a child of fork(), where nobody reads the gauge, after
// it has said so.
#pragma once

#include "base/fork.hpp"
#include "measure/lag_gauge.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace loopmon::measure {

/// The decisions of the timer, without the timer. For the threads that run the loop, one at a time.
class sampling {
public:
    using time_point = lag_gauge::time_point;

    /// @param in_child called when it ends in a child of fork(); may be empty, does not throw
    explicit sampling(std::shared_ptr<lag_gauge> gauge, std::function<void()> in_child = {})
        : gauge_(std::move(gauge)), in_child_(std::move(in_child)) {}

    /// @return the first deadline
    time_point begin(time_point now) noexcept;
    /// The wait for the deadline has ended.
    /// @return the next one; nullopt: it is over
    std::optional<time_point> fired(time_point now) noexcept;

private:
    const std::uint32_t forks_ = base::forks();
    std::shared_ptr<lag_gauge> gauge_;
    std::function<void()> in_child_;
    nanoseconds interval_{}; ///< the one that the pending deadline was set with
    time_point deadline_{};
};

} // namespace loopmon::measure
