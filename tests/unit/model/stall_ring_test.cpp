// SPDX-License-Identifier: MIT
#include "model/stall_ring.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using namespace loopmon::model;
using loopmon::model::cause;
using loopmon::model::recovered;
using loopmon::model::stall;
using loopmon::model::time_point;

namespace {

constexpr time_point start{1000s};
constexpr wall_time noon{1'700'000'000s};

stall late(std::uint64_t episode, duration lag = 100ms, cause why = cause::unknown) {
    return {.loop = "main", .episode = episode, .lag = lag, .cause = why};
}

recovered over(std::uint64_t episode, duration lasted, cause why) {
    return {.loop = "main", .episode = episode, .lasted = lasted, .cause = why};
}

stall caught(std::uint64_t episode, const std::string& handler) {
    auto seen = late(episode, 200ms, cause::blocked);
    seen.culprit.handler = handler;
    return seen;
}

} // namespace

TEST_CASE("stall_ring: a stall began when its lag did, and lasts until now while it is on",
          "[report]") {
    stall_ring ring;
    ring.began(late(7, 120ms), start, noon);
    const auto list = ring.list(start + 30ms);
    REQUIRE(list.size() == 1);
    CHECK(list[0].id == 7);
    CHECK(list[0].began == noon - 120ms);
    CHECK(list[0].ongoing);
    CHECK(list[0].lasted == 150ms);
    CHECK(list[0].peak == 120ms);
    CHECK(ring.list(start + 31ms)[0].lasted == 151ms);
}

TEST_CASE("stall_ring: the end is what the judge says, whenever one asks", "[report]") {
    stall_ring ring;
    ring.began(late(7), start, noon);
    ring.ended(over(7, 1500ms, cause::cpu));
    const auto list = ring.list(start + 1h);
    CHECK_FALSE(list[0].ongoing);
    CHECK(list[0].lasted == 1500ms);
    CHECK(list[0].cause == cause::cpu);
    CHECK(list[0].began == noon - 100ms);
}

TEST_CASE("stall_ring: a later look adds what it knows and takes nothing back", "[report]") {
    stall_ring ring;
    ring.began(late(7), start, noon);
    ring.updated(caught(7, "socket.async_receive"));
    CHECK(ring.list(start)[0].culprit.handler == "socket.async_receive");
    CHECK(ring.list(start)[0].cause == cause::blocked);
    CHECK(ring.list(start)[0].peak == 200ms);

    ring.updated(late(7, 150ms)); // no evidence, and less lag
    CHECK(ring.list(start)[0].culprit.handler == "socket.async_receive");
    CHECK(ring.list(start)[0].cause == cause::blocked);
    CHECK(ring.list(start)[0].peak == 200ms);

    ring.updated(caught(7, "timer.async_wait"));
    CHECK(ring.list(start)[0].culprit.handler == "timer.async_wait");
}

TEST_CASE("stall_ring: an episode that begins twice is one stall", "[report]") {
    stall_ring ring;
    ring.began(late(7, 100ms), start, noon);
    ring.began(late(7, 1s), start + 900ms, noon + 900ms); // critical now
    const auto list = ring.list(start + 900ms);
    REQUIRE(list.size() == 1);
    CHECK(list[0].began == noon - 100ms);
    CHECK(list[0].lasted == 1s);
    CHECK(list[0].peak == 1s);
}

TEST_CASE("stall_ring: what is over or unknown is not touched", "[report]") {
    stall_ring ring;
    ring.updated(late(1));
    ring.ended(over(1, 1s, cause::cpu));
    CHECK(ring.list(start).empty());
    ring.began(late(2), start, noon);
    ring.ended(over(2, 1s, cause::cpu));
    ring.updated(late(2, 1h, cause::io));
    ring.ended(over(2, 1h, cause::io));
    CHECK(ring.list(start)[0].lasted == 1s);
    CHECK(ring.list(start)[0].peak == 100ms);
    CHECK(ring.list(start)[0].cause == cause::cpu);
}

TEST_CASE("stall_ring: the 65th stall takes the place of the first", "[report]") {
    stall_ring ring;
    for (std::uint64_t id = 1; id <= 64; ++id) {
        ring.began(late(id), start, noon);
        ring.ended(over(id, 1s, cause::cpu));
    }
    CHECK(ring.list(start).size() == 64);
    CHECK(ring.list(start).front().id == 1);
    ring.began(late(65), start, noon);
    const auto list = ring.list(start);
    CHECK(list.size() == stall_ring::capacity);
    CHECK(list.front().id == 2);
    CHECK(list.back().id == 65);
}

TEST_CASE("stall_ring: a stack that is completed by a report is complete here, too", "[report]") {
    stall_ring ring;
    auto seen = late(1);
    seen.culprit.stack = {{"loopmond+0x1"}, [] { return std::vector<std::string>{"f()"}; }};
    ring.began(seen, start, noon);
    CHECK(ring.list(start)[0].culprit.stack.lines() == std::vector<std::string>{"loopmond+0x1"});
    seen.culprit.stack.complete();
    CHECK(ring.list(start)[0].culprit.stack.lines() == std::vector<std::string>{"f()"});
}
