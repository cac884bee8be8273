// SPDX-License-Identifier: MIT
#include "report/reporter.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace std::chrono_literals;
namespace judge = loopmon::judge;
using loopmon::report::reporter;
using loopmon::report::trip_log;

namespace {

void trip(reporter& r) {
    r.publish(judge::trip{.loop = "main", .lag = 5s, .threshold = 5s}, BOOST_CURRENT_LOCATION);
    r.settle(60s);
}

} // namespace

TEST_CASE("reporter: a trip is counted and kept for the next process", "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::report::priority::emerg);
        trip(r);
        CHECK(r.last_trip().n_trips == 1);
    }
    reporter next(dir.path());
    next.log().level(loopmon::report::priority::emerg);
    CHECK(next.last_trip().n_trips == 1);
    CHECK_FALSE(next.last_trip().reported);
    CHECK_THAT(next.last_trip().reason, Catch::ContainsSubstring("loop main"));

    SECTION("which tells it once") {
        next.tell_previous_trip();
        next.settle(60s);
        CHECK(next.last_trip().reported);
        CHECK(trip_log(dir.path()).load().reported);
        CHECK(trip_log(dir.path()).load().n_trips == 1);
    }
    SECTION("and counts on") {
        trip(next);
        CHECK(trip_log(dir.path()).load().n_trips == 2);
    }
}

TEST_CASE("reporter: a state directory that cannot be written costs the record only", "[report]") {
    reporter r("/proc/nowhere");
    r.log().level(loopmon::report::priority::emerg);
    trip(r);
    CHECK(r.last_trip().n_trips == 1);
}
