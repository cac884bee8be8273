// SPDX-License-Identifier: MIT
#pragma once

#include "model/vocabulary.hpp"

#include <loopmon/cause.hpp>

#include <string_view>

namespace loopmon::model {

/// How late a loop is, graded. Ordered: a greater level is a worse one.
enum class level { nominal, degraded, stalled };

using loopmon::cause;
using loopmon::to_string;

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

} // namespace loopmon::model
