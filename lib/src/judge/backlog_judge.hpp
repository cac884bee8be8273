// SPDX-License-Identifier: MIT
//
// Work that waits although its loop is on time: that of a strand, say, which does one thing at a
// time and is seconds behind while the threads are free. Judged from handlers that were ready when
// they were created and began late, as soon as they begin; an episode begins, worsens and ends as
// one of lag does.
#pragma once

#include "judge/alert_budget.hpp"
#include "judge/loop_judge.hpp"
#include "model/event.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace loopmon::judge {

/// A handler that began late. Time in which its loop was late does not count as waiting.
struct late_work {
    time_point began{};
    duration waited{};
    std::string handler = {};
    std::string task = {};
    std::string spawned = {};
};

class backlog_judge {
public:
    explicit backlog_judge(std::string name) : name_(std::move(name)) {}

    /// What holds for all episodes at one look.
    struct look {
        time_point now;
        const lag_limits& limits;
        std::uint64_t active_tasks;
        alert_budget& budget;
        const std::function<std::uint64_t()>& new_episode;
    };

    /// @param worst that began since the last call and waited the longest, if any did for half of
    ///              warn; calls come in order of `now`
    void step(const look& at, const std::optional<late_work>& worst, events& out);
    /// The loop will not be observed any more.
    void finish(events& out);

    /// When step() may end an episode; max(): there is none.
    [[nodiscard]] time_point next_check() const { return end_; }

private:
    void end(bool unwatched, events& out);

    std::string name_;
    std::uint64_t episode_ = 0; ///< zero: none is on
    bool reported_ = false;
    time_point since_{}; ///< when the first that waited was created
    time_point until_{}; ///< when the last that waited began
    duration peak_{};
    duration news_{}; ///< the wait that is reported next
    time_point end_ = time_point::max();
};

} // namespace loopmon::judge
