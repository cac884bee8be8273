// SPDX-License-Identifier: MIT
//
// What the opaque types of loopmon.h are.
#pragma once

#include "capi/loop_handle.hpp"
#include "capi/reload_handle.hpp"
#include "capi/sampler_handle.hpp"
#include "monitor/monitor_impl.hpp"

#include <loopmon/loopmon.h>

#include <cstdint>
#include <memory>

struct loopmon_monitor {
    std::shared_ptr<loopmon::detail::monitor_impl> impl;
};

struct loopmon_watch {
    std::shared_ptr<loopmon::detail::monitor_impl> owner;
    loopmon::detail::monitor_impl::registered loop;
};

struct loopmon_probe {
    std::shared_ptr<loopmon::detail::monitor_impl> owner;
    std::uint64_t id;
};
