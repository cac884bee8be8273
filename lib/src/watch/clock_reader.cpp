// SPDX-License-Identifier: MIT
#include "watch/clock_reader.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string_view>
#include <thread>

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

duration cpu_time(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

} // namespace

clock_reader::clock_reader() noexcept : cpus_(std::max(1U, std::thread::hardware_concurrency())) {}

clock_reading clock_reader::read() noexcept {
    // CLOCK_MONOTONIC on both sides of CLOCK_BOOTTIME is not needed: what matters is a difference
    // of more than 100 ms.
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);
    const auto now = std::chrono::steady_clock::now();
    const auto since_boot =
        std::chrono::seconds(boot.tv_sec) + std::chrono::nanoseconds(boot.tv_nsec);
    // "0 0 0" without CONFIG_SCHED_INFO, and this thread has run.
    std::string_view accounts = schedstat_.read().value_or("");
    const bool has_run_delay = take_number(accounts) > duration::zero();
    return {.now = now,
            .boot_offset = since_boot - now.time_since_epoch(),
            .run_delay = take_number(accounts),
            .cpu = cpu_time(CLOCK_THREAD_CPUTIME_ID),
            .process = cpu_time(CLOCK_PROCESS_CPUTIME_ID) / cpus_,
            .has_run_delay = has_run_delay};
}

} // namespace loopmon::watch
