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

TEST_CASE("pause_detector: waking early, for another reason, is not a pause", "[watch]") {
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
    CHECK_FALSE(detector.woke({start + 500ms, 5s + 1h}, ledger)); // reported once
}

TEST_CASE("pause_detector: a watcher that was runnable and did not run saw no pause", "[watch]") {
    const auto starved = GENERATE(400ms, 399ms);
    pause_ledger ledger;
    auto detector = since({start, 0s, 7s});
    detector.sleeping_until(start + 100ms);
    const auto pause = detector.woke({start + 600ms, 0s, 7s + starved}, ledger);
    CHECK(pause.has_value() == (starved < 400ms)); // 100 ms remain, and are tolerated
}

TEST_CASE(
    "pause_detector: a short stop is not an event, and counts against no loop that would notice",
    "[watch]") {
    const auto overslept = GENERATE(3ms, 4ms, 60ms);
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 100ms);
    detector.round_ended(start + 1ms);
    SECTION("as long as it was") {
        CHECK_FALSE(detector.woke({start + 100ms + overslept}, ledger));
        const auto noticed = overslept > 3ms ? overslept : 0ms;
        CHECK(ledger.excluded(start, start + 1s) == noticed);
        CHECK(ledger.excluded(start + 100ms, start + 1s) == noticed);
    }
    SECTION("unless the watcher waited for a CPU, or worked") {
        CHECK_FALSE(
            detector.woke({start + 100ms + overslept, 0s, overslept / 2, overslept / 2}, ledger));
        CHECK(ledger.excluded(start, start + 1s) == 0s);
    }
    SECTION("unless its round had lasted so long") {
        detector.round_ended(start + 100ms + overslept);
        CHECK_FALSE(detector.woke({start + 100ms + overslept}, ledger));
        CHECK(ledger.excluded(start, start + 1s) == 0s);
    }
    SECTION("unless nobody knows whether it waited for a CPU") {
        clock_reading at{start + 100ms + overslept};
        at.has_run_delay = false;
        CHECK_FALSE(detector.woke(at, ledger));
        CHECK(ledger.excluded(start, start + 1s) == 0s);
    }
}

TEST_CASE("pause_detector: a process that used CPU time did not stand still", "[watch]") {
    const auto ran = GENERATE(0ms, 399ms, 400ms, 500ms);
    pause_ledger ledger;
    clock_reading at{start};
    at.process = 7s;
    at.has_run_delay = false;
    auto detector = since(at);
    detector.sleeping_until(start + 100ms);
    at.now += 500ms;
    at.process += ran;
    CHECK(detector.woke(at, ledger).has_value() == (ran < 400ms));
}

TEST_CASE("pause_detector: how long the watcher waited for a CPU", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start, 0s, 7s});
    detector.sleeping_until(start + 100ms);
    CHECK_FALSE(detector.woke({start + 600ms, 0s, 7s + 490ms}, ledger));
    CHECK(detector.waited() == 490ms);
}

TEST_CASE("pause_ledger: forgets none of many", "[watch]") {
    pause_ledger ledger;
    constexpr auto hour = 6 * 3600;
    for (int i = 0; i < hour; ++i) { // six a second, of 50 ms each
        const auto at = start + i * 160ms;
        ledger.add(at, at + 50ms);
    }
    const auto end = start + hour * 160ms;
    CHECK(ledger.excluded(start, end) == hour * 50ms);
    CHECK(ledger.excluded(end - 160ms * 60, end) == 60 * 50ms);
    CHECK(ledger.excluded(end - 160ms * 60 + 25ms, end) == 60 * 50ms - 25ms);
    // Of what is long past, the average.
    const auto half = ledger.excluded(start, start + hour * 80ms);
    CHECK(half >= hour * 25ms * 0.99);
    CHECK(half <= hour * 25ms * 1.01);
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

TEST_CASE("pause_detector: time suspended before the first look is not a pause", "[watch]") {
    pause_ledger ledger;
    pause_detector detector;
    CHECK_FALSE(detector.woke({start, 9h}, ledger));
    CHECK(ledger.excluded(time_point{}, start) == 0s);
    detector.sleeping_until(start + 250ms);
    CHECK_FALSE(detector.woke({start + 250ms, 9h}, ledger));
}

TEST_CASE("pause_detector: a round that took long is not a pause", "[watch]") {
    pause_ledger ledger;
    auto detector = since({start});
    detector.sleeping_until(start + 100ms);
    CHECK_FALSE(detector.woke({start + 600ms, 0s, 0s, 450ms}, ledger)); // of CPU for a client
    CHECK(ledger.excluded(start, start + 1s) == 50ms); // what it neither ran nor waited
}
