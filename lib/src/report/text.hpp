// SPDX-License-Identifier: MIT
//
// Numbers as words and as field values.
#pragma once

#include "model/time.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace loopmon::report {

/// For people: "512ms", "1.5s", "3min 20s". Three significant digits at least.
[[nodiscard]] std::string human(model::duration value);

/// "1 task", "2 tasks".
inline std::string counted(std::uint64_t n, std::string_view what) {
    return std::to_string(n) + ' ' + std::string(what) + (n == 1 ? "" : "s");
}

inline std::string usec(model::duration value) {
    return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(value).count());
}

/// Since 1970.
inline std::string usec(model::wall_time when) {
    return usec(std::chrono::duration_cast<model::duration>(when.time_since_epoch()));
}

} // namespace loopmon::report
