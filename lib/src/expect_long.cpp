// SPDX-License-Identifier: MIT
#include <loopmon/expect_long.hpp>

#include "measure/expectation.hpp"

#include <cassert>

namespace loopmon {

expect_long::expect_long(std::chrono::nanoseconds length, std::string_view reason) noexcept
    : outer_(measure::open_expectation(std::chrono::steady_clock::now(), length, reason)) {}

expect_long::~expect_long() {
    [[maybe_unused]] const auto open = measure::close_expectation();
    // Otherwise the scope was left by another thread or in another order: across a co_await.
    assert(open == outer_);
}

} // namespace loopmon
