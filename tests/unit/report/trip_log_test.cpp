// SPDX-License-Identifier: MIT
#include "report/trip_log.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>

using namespace std::chrono_literals;
using loopmon::report::trip_log;
using loopmon::report::trip_record;

TEST_CASE("trip_log: what was saved is loaded by the next process", "[report]") {
    const loopmon::test::temporary_directory dir;
    const trip_record saved{.n_trips = 3,
                            .when = loopmon::model::wall_time(1700000000s),
                            .reason = "loop \"main\" lag 5s\nétoile",
                            .details = "  #0 main",
                            .reported = false};
    trip_log(dir.path()).save(saved);
    const auto loaded = trip_log(dir.path()).load();
    CHECK(loaded.n_trips == 3);
    CHECK(loaded.when == saved.when);
    CHECK(loaded.reason == saved.reason);
    CHECK(loaded.details == "  #0 main");
    CHECK_FALSE(loaded.reported);
}

TEST_CASE("trip_log: no file, and a file that makes no sense, count as no trip", "[report]") {
    const loopmon::test::temporary_directory dir;
    CHECK(trip_log(dir.path()).load().n_trips == 0);
    CHECK(trip_log(dir.path()).load().reported);
    const auto content = GENERATE("", "{", "[]", R"({"n_trips": "many"})", R"({"n_trips": -1})");
    std::ofstream(dir.path() / "last-trip.json") << content << '\n';
    std::string problem;
    CHECK(trip_log(dir.path()).load(&problem).n_trips == 0);
    CHECK_THAT(problem, Catch::ContainsSubstring("last-trip.json"));
    CHECK_THAT(problem, Catch::ContainsSubstring("kept as last-trip.json.corrupt"));
    CHECK(std::filesystem::exists(dir.path() / "last-trip.json.corrupt"));
    problem.clear();
    CHECK(trip_log(dir.path()).load(&problem).n_trips == 0);
    CHECK(problem.empty()); // said once
}

TEST_CASE("trip_log: the file of the first version, without details, is read", "[report]") {
    const loopmon::test::temporary_directory dir;
    std::ofstream(dir.path() / "last-trip.json")
        << R"({"n_trips":3,"timestamp_usec":1,"reason":"stuck","reported":false})" << '\n';
    CHECK(trip_log(dir.path()).load().n_trips == 3);
    CHECK(trip_log(dir.path()).load().details.empty());
}

TEST_CASE("trip_log: a directory that cannot be written is an error, none at all is not",
          "[report]") {
    CHECK_THROWS_AS(trip_log("/proc/nowhere").save({}), std::system_error);
    CHECK_NOTHROW(trip_log("").save({}));
}

TEST_CASE("trip_log: saving replaces the file as one and leaves nothing beside it", "[report]") {
    const loopmon::test::temporary_directory dir;
    trip_log log(dir.path());
    log.save({.n_trips = 1});
    log.save({.n_trips = 2});
    CHECK(log.load().n_trips == 2);
    CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}
