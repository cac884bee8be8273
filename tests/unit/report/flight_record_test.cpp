// SPDX-License-Identifier: MIT
#include "report/flight_record.hpp"
#include "report/message.hpp"

#include "model/bounds.hpp"
#include "report/flight_log.hpp"
#include "support/catch.hpp"
#include "support/fake_program.hpp"
#include "support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <fstream>

using namespace std::chrono_literals;
using namespace loopmon::report;
using loopmon::test::fake_program;
using loopmon::test::temporary_directory;
namespace model = loopmon::model;

namespace {

model::trip stuck() {
    return {.loop = "main",
            .lag = 5s,
            .threshold = 5s,
            .cause = model::cause::blocked,
            .active_tasks = 2,
            .culprit = {.handler = "socket.async_receive",
                        .task = "poll",
                        .syscall = "openat",
                        .stack = {"read_config()", "main"},
                        .machine = "cpu pressure 37%"}};
}

flight_record flight_of(const model::trip& why, fake_program& model) {
    return {.n_trips = 3,
            .when = wall_time(1'700'000'000s),
            .told = render(why),
            .trip = why,
            .state = collect_flight(model, why)};
}

nlohmann::json written(const flight_record& flight) {
    return nlohmann::json::parse(to_json_text(flight));
}

} // namespace

TEST_CASE("flight_record: has what was known of the trip and of its loop", "[report]") {
    fake_program model;
    model.shown.lag = 5s;
    model.shown_tasks = {{.id = 1, .name = "poll", .age = 3s, .run_time = 2ms, .pending = 4}};
    model.shown_stalls = {{.id = 9, .culprit = {.stack = {"deep"}}}};
    model.shown_history = {{.when = wall_time(1'699'999'999s), .lag_max = 4s, .active_tasks = 2}};
    const auto json = written(flight_of(stuck(), model));
    CHECK(json.at("Reason") == render(stuck()).text);
    CHECK(json.at("Timestamp") == 1'700'000'000'000'000);
    CHECK(json.at("NTrips") == 3U);
    CHECK_FALSE(json.at("Versions").at("loopmon").get<std::string>().empty());
    CHECK_FALSE(json.at("Versions").at("kernel").get<std::string>().empty());
    CHECK(json.at("Event").at("LOOPMON_CAUSE") == "blocked");
    CHECK(json.at("Event").at("LOOPMON_LAG_USEC") == "5000000");
    CHECK_FALSE(json.at("Event").contains("LOOPMON_STACK"));
    CHECK_FALSE(json.at("Event").contains("LOOPMON_SPAWNED")); // not known
    CHECK(json.at("Culprit").at("Stack").at(0) == "read_config()");
    CHECK(json.at("Culprit").at("Machine") == "cpu pressure 37%");
    CHECK(json.at("Loop").at("LagUSec") == 5'000'000);
    CHECK(json.at("NTasks") == 1U);
    CHECK(json.at("Tasks").at(0).at("Name") == "poll");
    CHECK(json.at("Tasks").at(0).at("RunTimeUSec") == 2000);
    CHECK(json.at("Tasks").at(0).at("PendingHandlers") == 4U);
    CHECK(json.at("Stalls").at(0).at("Id") == 9U);
    CHECK_FALSE(json.at("Stalls").at(0).contains("Stack"));
    CHECK(json.at("History").at(0).at(1) == 4'000'000);
}

TEST_CASE("flight_record: of many tasks the culprit's are kept, then the oldest", "[report]") {
    fake_program model;
    for (std::uint64_t id = 1; id <= 500; ++id) {
        model.shown_tasks.push_back({.id = id, .name = id >= 499 ? "poll" : "other"});
    }
    const auto state = collect_flight(model, stuck());
    CHECK(state.n_tasks == 500);
    REQUIRE(state.tasks.size() == flight_record::max_tasks);
    CHECK(state.tasks[0].id == 499);
    CHECK(state.tasks[1].id == 500);
    CHECK(state.tasks[2].id == 1);
    CHECK(state.tasks.back().id == 98);
}

TEST_CASE("flight_record: of the history the last minute, of the stalls the last eight",
          "[report]") {
    fake_program model;
    for (int i = 1; i <= 3600; ++i) {
        model.shown_history.push_back({.when = wall_time(std::chrono::seconds(i))});
    }
    for (std::uint64_t id = 1; id <= 64; ++id) {
        model.shown_stalls.push_back({.id = id});
    }
    const auto state = collect_flight(model, stuck());
    REQUIRE(state.history.size() == 60);
    CHECK(state.history.front().when == wall_time(3541s));
    REQUIRE(state.stalls.size() == 8);
    CHECK(state.stalls.front().id == 57);
}

TEST_CASE("flight_record: parts that cannot be had are missing, the rest is there", "[report]") {
    fake_program model;
    model.broken = true;
    model.shown_stalls = {{.id = 9}};
    const auto state = collect_flight(model, stuck());
    CHECK(state.tasks.empty());
    CHECK(state.history.empty());
    CHECK(state.loop);
    CHECK(state.stalls.size() == 1);

    auto elsewhere = stuck();
    elsewhere.loop = "gone";
    CHECK_FALSE(collect_flight(model, elsewhere).loop);
    CHECK(written({.told = render(elsewhere)}).at("Tasks").empty());
}

TEST_CASE("flight_record: the worst that names and symbols can be fits into its file", "[report]") {
    fake_program model;
    const std::string worst(10'000, '"'); // two characters each in JSON
    auto why = stuck();
    why.culprit = {.handler = worst,
                   .task = worst,
                   .spawned = worst,
                   .syscall = worst,
                   .waiting_in = worst,
                   .stack = std::vector(1000, worst),
                   .machine = worst};
    model.shown_tasks.assign(1000,
                             {.name = worst, .spawned = worst, .parent = 1, .offloaded = true});
    model.shown_stalls.assign(64, {.culprit = why.culprit});
    model.shown_history.assign(3600, {});
    model.shown.tracking = true;
    model.shown.running_handler = worst;
    CHECK(to_json_text(flight_of(why, model)).size() < std::size_t{150} * 1024);
}

TEST_CASE("flight_record: is JSON whatever bytes the names are made of", "[report]") {
    fake_program model;
    auto why = stuck();
    why.culprit.task = "\xff\n\"";
    why.culprit.stack = {"\xc3"};
    model.shown_tasks = {{.name = "\xed\xa0\x80"}};
    const auto json = written(flight_of(why, model));
    CHECK(json.at("Culprit").at("Task") == "??\"");
}

TEST_CASE("flight_log: the next process reads what the last one has left", "[report]") {
    const temporary_directory dir;
    fake_program model;
    flight_log log(dir.path());
    CHECK(log.text().empty());
    CHECK(log.n_trips() == 0);
    log.save(flight_of(stuck(), model));
    CHECK(log.n_trips() == 3);

    const flight_log next(dir.path());
    CHECK(next.text() == log.text());
    CHECK(next.n_trips() == 3);
    CHECK(next.path() == dir.path() / "flight-record.json");
}

TEST_CASE("flight_log: an invalid flight record counts as none", "[report]") {
    const temporary_directory dir;
    std::ofstream(dir.path() / "flight-record.json")
        << GENERATE("", "{", "[]\n", "{}\n", "{\"NTrips\": -1}\n", "{\"NTrips\": 1}");
    const flight_log log(dir.path());
    CHECK(log.text().empty());
    CHECK(log.n_trips() == 0);
}

TEST_CASE("flight_log: a disk that takes nothing leaves the record in memory", "[report]") {
    fake_program model;
    flight_log log("/proc/nowhere");
    CHECK_THROWS_AS(log.save(flight_of(stuck(), model)), std::system_error);
    CHECK(log.n_trips() == 3);
    CHECK_FALSE(log.text().empty());
    flight_log nowhere("");
    CHECK_NOTHROW(nowhere.save(flight_of(stuck(), model)));
    CHECK(nowhere.n_trips() == 3);
}
