// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/monitor.hpp>
#include <loopmon/spawn.hpp>
#include <loopmon/task.hpp>
