// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/loopmon.h>

#include <functional>
#include <string>

struct loopmon_reload {
    std::function<void(std::string error)> done;
};
