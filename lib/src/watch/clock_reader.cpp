// SPDX-License-Identifier: MIT
#include "watch/clock_reader.hpp"

#include <charconv>
#include <ctime>

namespace loopmon::watch {

namespace {

/// The second number of a text like "cpu run_delay slices", in nanoseconds; zero without one.
duration run_delay(std::string_view text) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) {
        return {};
    }
    duration::rep ns = 0;
    (void)std::from_chars(text.data() + space + 1, text.data() + text.size(), ns);
    return duration(ns);
}

} // namespace

clock_reading clock_reader::read() noexcept {
    // CLOCK_MONOTONIC on both sides of CLOCK_BOOTTIME is not needed: what matters is a difference
    // of more than 100 ms.
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto now = std::chrono::steady_clock::now();
    const auto since_boot =
        std::chrono::seconds(boot.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec);
    return {now, since_boot - now.time_since_epoch(), run_delay(schedstat_.read().value_or(""))};
}

} // namespace loopmon::watch
