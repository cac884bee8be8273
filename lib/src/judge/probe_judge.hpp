// SPDX-License-Identifier: MIT
#pragma once

#include "model/event.hpp"
#include "model/state.hpp"

#include <optional>
#include <string_view>

namespace loopmon::judge {

/// Grades the answers of one probe. Each change of state is an event, and each change of the
/// error text while it fails; the first good answer is not.
class probe_judge {
public:
    probe_judge(std::string name, duration slow) : name_(std::move(name)), slow_(slow) {}

    void configure(duration slow) { slow_ = slow; }

    void answered(duration latency, events& out);
    void failed(std::string_view error, events& out);

    [[nodiscard]] probe_state state() const { return state_; }
    [[nodiscard]] const std::string& error() const { return error_; } ///< empty unless failed

private:
    std::string name_;
    duration slow_;
    probe_state state_ = probe_state::unknown;
    std::string error_;
};

} // namespace loopmon::judge
