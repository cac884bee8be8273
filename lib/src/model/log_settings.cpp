// SPDX-License-Identifier: MIT
#include "model/log_settings.hpp"

#include <array>
#include <cstddef>

namespace loopmon::model {

namespace {

constexpr std::array<std::string_view, 8> priority_names = {"emerg",   "alert",  "crit", "err",
                                                            "warning", "notice", "info", "debug"};

} // namespace

std::string_view to_string(priority severity) noexcept {
    return priority_names[static_cast<std::size_t>(severity)];
}

std::string_view to_string(log_target target) noexcept {
    return target == log_target::journal ? "journal" : "console";
}

std::optional<priority> parse_priority(std::string_view name) noexcept {
    for (std::size_t i = 0; i < priority_names.size(); ++i) {
        if (priority_names[i] == name) {
            return static_cast<priority>(i);
        }
    }
    return std::nullopt;
}

} // namespace loopmon::model
