// SPDX-License-Identifier: MIT
//
// Handlers that announced themselves as long (loopmon::expect_long), by thread. Written by the
// thread itself, read by the watcher; works without handler tracking, too.
//
// Each thread that has announced anything has a record, a seqlock as a task slot is: odd while
// something is announced. Records are never freed; that of a thread which ended is for the next.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace loopmon::measure {

struct expectation {
    std::chrono::steady_clock::time_point began{};
    std::chrono::steady_clock::time_point until{}; ///< its own deadline
    std::string reason;
    std::uint64_t id = 0; ///< unique in the process
};

/// What a thread has announced and not finished; the outermost scope if several are open.
/// Allocates; for the watcher.
[[nodiscard]] std::optional<expectation> expectation_of(pid_t thread);

/// Opens a scope on the calling thread: it will be busy for this long. Lock-free, but allocates at
/// the first call of a thread; without memory nothing is announced.
/// @param length negative: 0; the deadline is `now` plus this
/// @param reason cut after 64 bytes, at a UTF-8 character boundary
/// @return how many scopes were open on this thread
unsigned open_expectation(std::chrono::steady_clock::time_point now,
                          std::chrono::nanoseconds length, std::string_view reason) noexcept;
/// Closes the last scope that the calling thread opened.
/// @return how many are open now
unsigned close_expectation() noexcept;

} // namespace loopmon::measure
