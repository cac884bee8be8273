// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-event.h>

#include <memory>

namespace loopmon::systemd {

struct event_deleter {
    void operator()(sd_event* event) const noexcept { sd_event_unref(event); }
    void operator()(sd_event_source* source) const noexcept {
        sd_event_source_disable_unref(source);
    }
};

using event_ptr = std::unique_ptr<sd_event, event_deleter>;
using source_ptr = std::unique_ptr<sd_event_source, event_deleter>;

} // namespace loopmon::systemd
