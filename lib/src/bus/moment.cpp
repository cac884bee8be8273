// SPDX-License-Identifier: MIT
#include "bus/moment.hpp"

namespace loopmon::bus {

void moment::pass(extent wanted) noexcept {
    extent_ = wanted;
    manager_.reset();
    loops_.clear();
    probes_.clear();
}

const manager_status& moment::manager() {
    if (!manager_) {
        manager_ = source_.manager();
    }
    return *manager_;
}

const loop_status* moment::loop(program::id which) {
    auto& values = loops_[which];
    if (!values.status_read) {
        if (extent_ == extent::all) {
            // First: the largest lag of the status then includes that of the window.
            (void)window(which);
        }
        values.status = source_.loop(which);
        values.status_read = true;
    }
    return values.status ? &*values.status : nullptr;
}

const lag_summary& moment::window(program::id loop) {
    auto& values = loops_[loop];
    if (!values.window) {
        values.window = source_.window(loop);
    }
    return *values.window;
}

const probe_status* moment::probe(program::id which) {
    const auto found = probes_.find(which);
    const auto& status = found != probes_.end()
                             ? found->second
                             : probes_.emplace(which, source_.probe(which)).first->second;
    return status ? &*status : nullptr;
}

} // namespace loopmon::bus
