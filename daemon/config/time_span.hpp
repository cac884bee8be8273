// SPDX-License-Identifier: MIT
//
// Time spans as systemd.time(7) writes them: "250ms", "1min 30s", "55s500ms", "1.5h". A number
// without a unit counts seconds. Resolution is 1 us, like systemd's; finer digits are cut off.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace loopmond {

struct parsed_time_span {
    std::chrono::nanoseconds value{};
    std::string problem; ///< why it is not a time span; empty if it is one
};

/// Agrees with `systemd-analyze timespan`, but refuses "infinity", a sign, and what does not fit
/// into 64 bits of nanoseconds (292 years).
parsed_time_span parse_time_span(std::string_view text);

/// The shortest form that parse_time_span() reads back: "1min 30s", "0s" for nothing. Digits under
/// 1 us are cut off. `span` is not negative.
std::string format_time_span(std::chrono::nanoseconds span);

} // namespace loopmond
