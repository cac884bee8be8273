// SPDX-License-Identifier: MIT
#include "model/json_report.hpp"

#include "support/catch.hpp"
#include "support/fake_program.hpp"

#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace loopmon::model;
using loopmon::test::fake_program;

namespace {

nlohmann::json reported(fake_program& model) {
    return nlohmann::json::parse(json_report(model));
}

nlohmann::json loop_of(fake_program& model) {
    return reported(model).at("Loops").at(0);
}

} // namespace

TEST_CASE("json_report: without handler tracking there is nothing of it", "[report]") {
    fake_program model;
    const auto loop = loop_of(model);
    CHECK(loop.at("Tracking") == false);
    for (const char* name : {"PendingHandlers", "RunningHandler", "RunningTask", "BusyThreads",
                             "Utilization", "NHandlers"}) {
        INFO(name);
        CHECK_FALSE(loop.contains(name));
    }
    CHECK(loop.at("NExpected") == 0U);
}

TEST_CASE("json_report: with handler tracking there is all of it", "[report]") {
    fake_program model;
    model.shown.tracking = true;
    model.shown.pending_handlers = 17;
    model.shown.running_handler = "socket.async_receive";
    model.shown.running_task = "poll";
    model.shown.utilization = 0.25;
    model.shown.n_handlers = 1000;
    model.shown.busy_threads = 3;
    const auto loop = loop_of(model);
    CHECK(loop.at("Tracking") == true);
    CHECK(loop.at("PendingHandlers") == 17U);
    CHECK(loop.at("RunningHandler") == "socket.async_receive");
    CHECK(loop.at("RunningTask") == "poll");
    CHECK(loop.at("BusyThreads") == 3U);
    CHECK(loop.at("Utilization") == 0.25);
    CHECK(loop.at("NHandlers") == 1000U);
}

TEST_CASE("json_report: tasks with what they cost and where they are from", "[report]") {
    fake_program model;
    model.shown_tasks = {{.id = 5, .name = "a", .run_time = 3ms, .pending = 2, .parent = 4},
                         {.id = 6, .name = "b", .offloaded = true}};
    const auto tasks = loop_of(model).at("Tasks");
    CHECK(tasks.at(0).at("RunTimeUSec") == 3000);
    CHECK(tasks.at(0).at("PendingHandlers") == 2U);
    CHECK(tasks.at(0).at("Parent") == 4U);
    CHECK_FALSE(tasks.at(0).contains("Offloaded"));
    CHECK_FALSE(tasks.at(1).contains("Parent"));
    CHECK(tasks.at(1).at("Offloaded") == true);
}

TEST_CASE("json_report: the last eight stalls and the last minute", "[report]") {
    fake_program model;
    for (std::uint64_t id = 1; id <= 9; ++id) {
        model.shown_stalls.push_back({.id = id,
                                      .began = wall_time(1s),
                                      .lasted = 2ms,
                                      .ongoing = id == 9,
                                      .peak = 3ms,
                                      .cause = loopmon::model::cause::io,
                                      .culprit = {.stack = {"f"}}});
    }
    for (int i = 1; i <= 61; ++i) {
        model.shown_history.push_back({.when = wall_time(std::chrono::seconds(i)), .pending = 5});
    }
    const auto loop = loop_of(model);
    const auto& stalls = loop.at("Stalls");
    REQUIRE(stalls.size() == 8);
    CHECK(stalls[0].at("Id") == 2U);
    CHECK(stalls[7].at("Ongoing") == true);
    CHECK(stalls[7].at("Timestamp") == 1'000'000);
    CHECK(stalls[7].at("DurationUSec") == 2000);
    CHECK(stalls[7].at("PeakUSec") == 3000);
    CHECK(stalls[7].at("Cause") == "io");
    CHECK(stalls[7].at("Stack").at(0) == "f");
    const auto& history = loop.at("History");
    REQUIRE(history.size() == 60);
    CHECK(history[0] == nlohmann::json({2'000'000, 0, 0U, 5U}));
}

TEST_CASE("json_report: has the flight record of the last trip, or null", "[report]") {
    fake_program model;
    CHECK(reported(model).at("LastTrip").is_null());
    model.flight = R"({"Reason": "stuck"})";
    CHECK(reported(model).at("LastTrip").at("Reason") == "stuck");
    model.flight = "{";
    CHECK(reported(model).at("LastTrip").is_null());
}

TEST_CASE("json_report: has a bound, however many tasks and loops there are", "[report]") {
    constexpr std::size_t loops = 300;
    fake_program model;
    model.n_loops = loops;
    const std::string worst(10'000, '"'); // two characters each in JSON
    for (std::uint64_t id = 1; id <= 1001; ++id) {
        model.shown_tasks.push_back({.id = id, .name = worst, .spawned = worst});
    }
    model.shown_stalls.assign(64, {.culprit = {.stack = std::vector(1000, worst)}});
    const auto text = json_report(model);
    CHECK(text.size() < 4'000'000);
    const auto shown = nlohmann::json::parse(text).at("Loops");
    REQUIRE(shown.size() == loops);
    CHECK(shown.at(0).at("Tasks").size() == 1000);
    CHECK_FALSE(shown.at(0).contains("Truncated"));
    CHECK(shown.at(loops - 1).at("Truncated") == true);
    CHECK(shown.at(loops - 1).at("NStalls") == 0U);
}

TEST_CASE("json_report: what a file holds may leave, too", "[report]") {
    fake_program model;
    model.flight = R"({"Reason":"\ufffe\u009b2J\u202e"})";
    CHECK(reported(model).at("LastTrip").at("Reason") == "??2J?");
}
