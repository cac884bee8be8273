// SPDX-License-Identifier: MIT
#pragma once

#include "measure/loop_state.hpp"

#include <loopmon/loopmon.h>

#include <atomic>
#include <memory>

struct loopmon_loop {
    std::shared_ptr<loopmon::measure::loop_state> state;
    std::atomic<unsigned> owners{1};
};
