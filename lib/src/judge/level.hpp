// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace loopmon::judge {

/// How late a loop is, graded. Ordered: a greater level is a worse one.
enum class level { nominal, degraded, stalled };

/// Why a loop is late.
enum class cause {
    none,    ///< it is not late
    unknown, ///< late, and nothing excuses it
    paused,  ///< the process or the machine stood still; never trips
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
    case cause::paused:
        return "paused";
    }
    return "";
}

} // namespace loopmon::judge
