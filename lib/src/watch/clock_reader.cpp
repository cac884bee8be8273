// SPDX-License-Identifier: MIT
#include "watch/clock_reader.hpp"

#include <charconv>
#include <ctime>

namespace loopmon::watch {

namespace {

/// The next number of a text like "cpu run_delay slices", in nanoseconds; zero without one.
duration take_number(std::string_view& text) {
    duration::rep ns = 0;
    const auto* const end = text.data() + text.size();
    const auto* const after = std::from_chars(text.data(), end, ns).ptr;
    text.remove_prefix(static_cast<std::size_t>(after - text.data()) + (after != end ? 1 : 0));
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
    std::string_view accounts = schedstat_.read().value_or("");
    const auto cpu = take_number(accounts);
    const auto run_delay = take_number(accounts);
    return {now, since_boot - now.time_since_epoch(), run_delay, cpu};
}

} // namespace loopmon::watch
