// SPDX-License-Identifier: MIT
#include "watch/pause_detector.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmon::watch::clock_reading;
using loopmon::watch::duration;
using loopmon::watch::pause_detector;
using loopmon::watch::pause_ledger;
using loopmon::watch::time_point;

namespace {

constexpr time_point start{1000s};

/// One that was awake at this moment.
pause_detector since(const clock_reading& at) {
    pause_ledger none;
    pause_detector detector;
    CHECK_FALSE(detector.woke(at, none));
    return detector;
}

} // namespace

TEST_CASE("pause_detector: a watcher that wakes in time saw no pause", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 250ms);
    CHECK_FALSE(detector.woke({start + 250ms, 0s}, ledger));
    CHECK(ledger.excluded(start, start + 1s) == 0s);
}

TEST_CASE("pause_detector: oversleep counts as a pause one tick past the tolerance", "[watch]") {
    const auto overslept = GENERATE(100ms, 101ms);
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 100ms);
    const auto pause = detector.woke({start + 100ms + overslept, 0s}, ledger);
    CHECK(pause.has_value() == (overslept > 100ms));
    if (pause) {
        CHECK(*pause == 101ms);
        // From the last moment that was awake: what came due while asleep is excused whole.
        CHECK(ledger.excluded(start, start + 1s) == 201ms);
    }
}

TEST_CASE("pause_detector: a long sleep may oversleep by half of it", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 1s);
    CHECK_FALSE(detector.woke({start + 1500ms, 0s}, ledger));
    detector.sleeping_until(start + 2500ms);
    CHECK(detector.woke({start + 3001ms, 0s}, ledger));
}

TEST_CASE("pause_detector: waking early, for another reason, is no pause", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 250ms);
    CHECK_FALSE(detector.woke({start + 10ms, 0s}, ledger));
    CHECK_FALSE(detector.woke({start + 250ms, 0s}, ledger));
}

TEST_CASE("pause_detector: a suspended machine shows in the boot clock alone", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start, 5s});
    detector.sleeping_until(start + 250ms);
    const auto pause = detector.woke({start + 250ms, 5s + 1h}, ledger);
    REQUIRE(pause);
    CHECK(*pause == 1h);
    detector.sleeping_until(start + 500ms);
    CHECK_FALSE(detector.woke({start + 500ms, 5s + 1h}, ledger)); // told once
}

TEST_CASE("pause_detector: a watcher that was runnable and did not run saw no pause", "[watch]") {
    const auto starved = GENERATE(400ms, 399ms);
    pause_ledger ledger;
    auto detector = since({start, 0s, 7s});
    detector.sleeping_until(start + 100ms);
    const auto pause = detector.woke({start + 600ms, 0s, 7s + starved}, ledger);
    CHECK(pause.has_value() == (starved < 400ms)); // 100 ms remain, and are tolerated
}

TEST_CASE("pause_ledger: excludes exactly the overlap", "[watch]") {
    pause_ledger ledger;
    ledger.add(start + 1s, start + 2s);
    ledger.add(start + 3s, start + 4s);
    CHECK(ledger.excluded(start, start + 1s) == 0s);
    CHECK(ledger.excluded(start, start + 1500ms) == 500ms);
    CHECK(ledger.excluded(start + 1500ms, start + 3500ms) == 1s);
    CHECK(ledger.excluded(start, start + 10s) == 2s);
    CHECK(ledger.excluded(start + 5s, start + 10s) == 0s);
}

TEST_CASE("pause_detector: what the machine was suspended before the first look is no pause",
          "[watch]") {
    pause_ledger ledger;
    pause_detector detector;
    CHECK_FALSE(detector.woke({start, 9h}, ledger));
    CHECK(ledger.excluded(time_point{}, start) == 0s);
    detector.sleeping_until(start + 250ms);
    CHECK_FALSE(detector.woke({start + 250ms, 9h}, ledger));
}

TEST_CASE("pause_detector: a round that took long is no pause", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 100ms);
    CHECK_FALSE(detector.woke({start + 600ms, 0s, 0s, 450ms}, ledger)); // of CPU for a client
    CHECK(ledger.excluded(start, start + 1s) == 0s);
}
