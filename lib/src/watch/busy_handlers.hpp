// SPDX-License-Identifier: MIT
//
// A loop on several threads goes on while one of them is stuck in a handler: it has a thread less,
// and is not late. Such a handler is a stall of its own, from `critical` on, with evidence of its
// own thread; the state of the loop and its watchdog do not depend on it.
#pragma once

#include "judge/alert_budget.hpp"
#include "measure/loop_state.hpp"
#include "measure/loop_tracking.hpp"
#include "model/event.hpp"
#include "watch/investigator.hpp"
#include "watch/pause_detector.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace loopmon::watch {

class busy_handlers {
public:
    /// What holds for all handlers at one look.
    struct look {
        time_point now;
        const pause_ledger& pauses;
        duration critical; ///< a handler that has run for this long is a stall
        bool stacks;       ///< are wanted
        std::uint64_t active_tasks;
        judge::alert_budget& budget;
        const std::function<std::uint64_t()>& new_episode;
    };

    busy_handlers(std::string loop_name, std::shared_ptr<measure::loop_state> loop,
                  investigator& finder);

    /// Reports a handler when it has run for `critical`, at each doubling of that, and when it has
    /// ended. One that announced itself is not reported as long as it keeps its word.
    /// @param running that began before the present turn
    void step(const look& at, const std::vector<measure::running_handler>& running,
              model::events& out);
    /// The loop is not watched any more.
    void finish(time_point now, model::events& out);

    /// When step() could have something to report of what it saw; max(): only of other handlers.
    [[nodiscard]] time_point next_check() const { return next_; }

private:
    struct entry {
        measure::running_handler handler{};
        duration age{};            ///< when it was looked at last
        duration news{};           ///< the age at which it is reported next
        std::uint64_t episode = 0; ///< zero: not reported yet
        bool reported = false;
        model::cause cause = model::cause::unknown;
        model::culprit culprit = {};
        std::unique_ptr<investigation> found = {};
    };

    void watch(const look& at, const measure::running_handler& handler, model::events& out);
    void report(const look& at, entry& of, model::events& out);
    void end(time_point ended, bool unwatched, const entry& of, model::events& out);
    [[nodiscard]] bool still_runs(const measure::running_handler& handler) const;

    std::string name_;
    std::shared_ptr<measure::loop_state> loop_;
    investigator& finder_;
    std::vector<entry> entries_; ///< the handlers that are half as long as is news
    time_point next_ = time_point::max();
};

/// How many threads are in a handler that has run for `limit` and did not announce that.
[[nodiscard]] std::uint32_t count_busy_threads(const measure::loop_state& loop, time_point now,
                                               duration limit, const pause_ledger& pauses);

} // namespace loopmon::watch
