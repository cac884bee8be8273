// SPDX-License-Identifier: MIT
#include "watch/start_up.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmon::model::time_point;
using loopmon::watch::start_up;

namespace {
constexpr time_point start{1000s};
}

TEST_CASE("start_up: loops that are watched one after the other are waited for together",
          "[watch]") {
    start_up ready;
    CHECK_FALSE(ready.is_wanted());
    ready.wanted(start, false);
    ready.loop_added(start);
    CHECK(ready.settled() == start + start_up::settling);
    ready.loop_added(start + 5ms);
    CHECK(ready.settled() == start + 5ms + start_up::settling);
}

TEST_CASE("start_up: a program that says it is ready has watched what it wants to", "[watch]") {
    start_up ready;
    ready.wanted(start, false);
    ready.loop_added(start);
    ready.wanted(start, true);
    CHECK(ready.settled() <= start);
}

TEST_CASE("start_up: that it takes too long is said once", "[watch]") {
    start_up ready;
    CHECK_FALSE(ready.take_overdue(start + 1h));
    ready.wanted(start, false);
    ready.wanted(start + 5s, true);
    CHECK_FALSE(ready.take_overdue(start + start_up::patience - 1ns));
    CHECK(ready.take_overdue(start + start_up::patience));
    CHECK_FALSE(ready.take_overdue(start + 1h));
}
