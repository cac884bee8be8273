// SPDX-License-Identifier: MIT
#pragma once

#include "model/vocabulary.hpp"

#include <string_view>

namespace loopmon::model {

/// How late a loop is, graded. Ordered: a greater level is a worse one.
enum class level { nominal, degraded, stalled };

/// Why a loop is late.
enum class cause {
    none,       ///< it is not late
    unknown,    ///< late, and no evidence says why
    cpu,        ///< one handler burns its thread
    blocked,    ///< one handler sits in a system call or waits for a lock
    io,         ///< one handler waits for a disk: uninterruptible sleep or major faults
    congestion, ///< many short handlers: the queue is late
    starved,    ///< runnable, but not run: the machine is short of CPU
    paused,     ///< the process or the machine stood still; never trips
    traced,     ///< a debugger is attached; never trips
};

constexpr std::string_view to_string(level l) noexcept {
    switch (l) {
    case level::nominal:
        return "nominal";
    case level::degraded:
        return "degraded";
    case level::stalled:
        return "stalled";
    }
    return "";
}

constexpr std::string_view to_string(cause c) noexcept {
    switch (c) {
    case cause::none:
        return "";
    case cause::unknown:
        return "unknown";
    case cause::cpu:
        return "cpu";
    case cause::blocked:
        return "blocked";
    case cause::io:
        return "io";
    case cause::congestion:
        return "congestion";
    case cause::starved:
        return "starved";
    case cause::paused:
        return "paused";
    case cause::traced:
        return "traced";
    }
    return "";
}

} // namespace loopmon::model
