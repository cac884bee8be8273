// SPDX-License-Identifier: MIT
#pragma once

#include "measure/sampling.hpp"

#include <loopmon/loopmon.h>

struct loopmon_sampler {
    loopmon::measure::sampling steps;
};
