// SPDX-License-Identifier: MIT
//
// sd-bus asks for the properties of an object one by one, and the loop runs on between two
// questions. What is read here stays the same until the moment passes, so all properties of one
// message belong together.
#pragma once

#include "model/program.hpp"

#include <map>
#include <optional>

namespace loopmon::bus {

/// The values of a model at one moment. Watcher thread.
class moment {
public:
    enum class extent {
        few, ///< the percentiles, which cost a sum over the window, are read if they are asked for
        all, ///< a loop's percentiles and status are read together
    };

    explicit moment(program& source) noexcept : source_(source) {}

    /// What is asked from now on is answered of a new moment.
    void pass(extent wanted = extent::few) noexcept;

    const manager_status& manager();
    /// Null for an id that is gone.
    const loop_status* loop(program::id which);
    const lag_summary& window(program::id loop);
    const probe_status* probe(program::id which);

    /// For everything but properties.
    [[nodiscard]] program& source() const noexcept { return source_; }

private:
    struct loop_values {
        std::optional<lag_summary> window;
        std::optional<loop_status> status;
        bool status_read = false;
    };

    program& source_;
    extent extent_ = extent::few;
    std::optional<manager_status> manager_;
    std::map<program::id, loop_values> loops_;
    std::map<program::id, std::optional<probe_status>> probes_;
};

} // namespace loopmon::bus
