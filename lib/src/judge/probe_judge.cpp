// SPDX-License-Identifier: MIT
#include "judge/probe_judge.hpp"

#include <utility>

namespace loopmon::judge {

void probe_judge::answered(duration latency, events& out) {
    const auto now = latency >= slow_ ? probe_state::slow : probe_state::ok;
    const auto before = std::exchange(state_, now);
    error_.clear();
    if (now == before) {
        return;
    }
    if (now == probe_state::slow) {
        out.push_back(probe_slow{name_, latency, slow_});
    } else if (before != probe_state::unknown) {
        out.push_back(probe_ok{name_, latency});
    }
}

void probe_judge::failed(std::string_view error, events& out) {
    if (state_ == probe_state::failed && error_ == error) {
        return;
    }
    state_ = probe_state::failed;
    error_ = error;
    out.push_back(probe_failed{name_, error_});
}

} // namespace loopmon::judge
