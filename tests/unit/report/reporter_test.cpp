// SPDX-License-Identifier: MIT
#include "report/reporter.hpp"

#include "captured_stderr.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
namespace judge = loopmon::judge;
using loopmon::report::flight_state;
using loopmon::report::reporter;
using loopmon::report::trip_log;

namespace {

void trip(reporter& r) {
    r.publish(judge::trip{.loop = "main",
                          .lag = 5s,
                          .threshold = 5s,
                          .who = {.task = "poll", .stack = {"read_config()"}}},
              BOOST_CURRENT_LOCATION);
    r.settle(60s);
}

boost::json::value flight_of(const reporter& r) {
    return boost::json::parse(r.flight_record());
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

TEST_CASE("reporter: the stack of an alert is completed before it is told, on another thread",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    reporter r(dir.path());
    std::thread::id completed_by;
    const judge::stack_text stack({"a+0x1"}, [&completed_by] {
        completed_by = std::this_thread::get_id();
        return std::vector<std::string>{"read_config()"};
    });
    const captured_stderr captured;
    r.log().target(loopmon::report::log_target::console);
    r.publish(judge::stall{.loop = "main", .who = {.stack = stack}}, BOOST_CURRENT_LOCATION);
    r.settle(60s);
    CHECK(completed_by != std::thread::id());
    CHECK(completed_by != std::this_thread::get_id());
    CHECK_THAT(captured.text(), Catch::ContainsSubstring("#0 read_config()"));
}

TEST_CASE("reporter: a trip leaves a flight record for the next process", "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::report::priority::emerg);
        CHECK(r.flight_record().empty());
        std::string asked;
        r.flight_source([&asked](const judge::trip& why) {
            asked = why.loop;
            return flight_state{.tasks = {{.id = 5, .name = "poll"}}};
        });
        trip(r);
        CHECK(asked == "main");
        CHECK(flight_of(r).at("Tasks").at(0).at("Id") == 5U);
    }
    reporter next(dir.path());
    CHECK(flight_of(next).at("NTrips") == 1U);
    CHECK(flight_of(next).at("Culprit").at("Stack").at(0) == "read_config()");
    CHECK(flight_of(next).at("Tasks").at(0).at("Name") == "poll");
}

TEST_CASE("reporter: a flight record is written without what could not be collected", "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::report::priority::emerg);
        r.flight_source([](const judge::trip&) -> flight_state { throw std::bad_alloc(); });
        trip(r);
    }
    const reporter next(dir.path());
    CHECK(flight_of(next).at("NTrips") == 1U);
    CHECK(flight_of(next).at("Event").at("LOOPMON_TASK") == "poll");
    CHECK(next.last_trip().n_trips == 1);
}

TEST_CASE("reporter: the previous trip is told with its culprit and its flight record",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    const auto told = [&dir] {
        reporter next(dir.path());
        const captured_stderr captured;
        next.log().target(loopmon::report::log_target::console);
        next.tell_previous_trip();
        next.settle(60s);
        return captured.text();
    };
    CHECK(told().empty());
    {
        reporter r(dir.path());
        r.log().level(loopmon::report::priority::emerg);
        trip(r);
    }
    SECTION("if it was written") {
        const auto text = told();
        CHECK_THAT(text, Catch::ContainsSubstring("<4>the previous run ended in a watchdog trip: "
                                                  "loop main lag 5s"));
        CHECK_THAT(text, Catch::ContainsSubstring("in task \"poll\""));
        CHECK_THAT(text, Catch::ContainsSubstring("\n<4>  #0 read_config()\n"));
        CHECK_THAT(text, Catch::ContainsSubstring("<4>  flight record: " +
                                                  (dir.path() / "flight-record.json").string()));
        CHECK(told().empty()); // once
    }
    SECTION("and not that of another one") {
        std::filesystem::remove(dir.path() / "flight-record.json");
        CHECK(told().find("flight record") == std::string::npos);
    }
}

TEST_CASE("reporter: a trip's reason is one line, fit for a status; its frames are kept beside it",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    reporter r(dir.path());
    r.log().level(loopmon::report::priority::emerg);
    trip(r);
    CHECK(r.last_trip().reason.find('\n') == std::string::npos);
    CHECK(trip_log(dir.path()).load().details == "  #0 read_config()");
}
