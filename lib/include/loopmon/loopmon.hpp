// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/expect_long.hpp>
#include <loopmon/monitor.hpp>
#include <loopmon/offload.hpp>
#include <loopmon/spawn.hpp>
#include <loopmon/task.hpp>
