// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/loopmon.h>

#include <cassert>
#include <chrono>
#include <string_view>

namespace loopmon {

/// Announces that the handler which is running will hold up its loop for some time, as one that
/// reads the configuration at start-up does:
///
///     {
///         const loopmon::expect_long expected(2s, "compaction of the journal");
///         compact();
///     }
///
/// Until the deadline, construction plus `length`, the lag of the loop is annotated with the reason
/// instead of alarmed: it is measured, counted (D-Bus property `NExpected`) and shown as ever. What
/// holds on beyond the deadline is a stall like any other. Works with and without tracking.
///
/// For one handler on one thread: no co_await in the scope. Scopes nest, first in, last out; the
/// outermost counts. Lock-free, but for an allocation at the first one of a thread.
class expect_long {
public:
    /// @param length from now on; not negative
    /// @param reason shown to people; copied, cut after 64 bytes
    [[nodiscard]] expect_long(std::chrono::nanoseconds length, std::string_view reason) noexcept
        : outer_(loopmon_expect_long(length.count(), reason.data(), reason.size())) {}
    ~expect_long() {
        [[maybe_unused]] const auto open = loopmon_expect_long_end();
        // Otherwise the scope was left by another thread or in another order: across a co_await.
        assert(open == outer_);
    }
    expect_long(const expect_long&) = delete;
    expect_long& operator=(const expect_long&) = delete;

private:
    unsigned outer_; ///< how many scopes it is in
};

} // namespace loopmon
