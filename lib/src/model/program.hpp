// SPDX-License-Identifier: MIT
//
// The program that is watched, as its front ends see it: what may be asked of it, and
// what it may be ordered to do. The composition root implements both.
#pragma once

#include "model/log_settings.hpp"
#include "model/status.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon::model {

enum class histogram_kind { lag, queue, run };

/// What D-Bus shows of the program that is watched. All on the watcher thread.
class queries {
public:
    using id = std::uint64_t;

    virtual ~queries() = default;

    virtual manager_status manager() = 0;
    virtual std::vector<id> loops() = 0;
    virtual std::vector<id> probes() = 0;
    /// Nothing for an id that is gone.
    virtual std::optional<loop_status> loop(id which) = 0;
    virtual lag_summary window(id loop) = 0;
    virtual std::optional<probe_status> probe(id which) = 0;
    /// Of the tasks whose id is over `after` the oldest `most`, the oldest first. There may be
    /// hundreds of thousands.
    virtual std::vector<task_status> tasks(id loop, std::uint64_t after, std::size_t most) = 0;
    /// The tasks by name, the most frequent name first. Beyond `most` names the rest is one group
    /// with an empty name.
    virtual std::vector<task_group> task_groups(id loop, std::size_t most) = 0;
    /// @return nothing for a kind that this program does not measure
    virtual std::optional<bucket_list> histogram(id loop, histogram_kind which) = 0;
    /// The last stalls, the newest last; one that is on has `ongoing`.
    virtual std::vector<stall_status> stalls(id loop) = 0;
    /// The last hour at most, the oldest second first.
    virtual std::vector<history_entry> history(id loop) = 0;

    /// The flight record of the last trip as JSON; empty: none.
    virtual std::string flight_record() { return {}; }
};

/// What D-Bus may ask of it. All on the watcher thread.
class commands {
public:
    virtual ~commands() = default;

    virtual void reset_statistics() = 0;
    [[nodiscard]] virtual bool can_reload() const = 0;
    /// @param done called once, on the watcher thread, with what is wrong or an empty text
    virtual void reload(std::function<void(std::string error)> done) = 0;

    [[nodiscard]] virtual bool injection_allowed() const = 0;
    /// Stalls the first loop for real, for those who test their alerting.
    /// @return false for a kind that is not known
    virtual bool inject(std::string_view kind, duration length) = 0;

    /// Thread-safe.
    virtual log_settings& log() = 0;
};

class program : public queries, public commands {};

} // namespace loopmon::model
