// SPDX-License-Identifier: MIT
//
// From the words of the configuration to the settings of the library.
#include "config/load.hpp"

#include "config_dir.hpp"

#include "support/catch.hpp"

#include <utility>

using namespace std::chrono_literals;
using loopmon::trip_cause;
using loopmond::load_result;
using loopmond_test::config_dir;

namespace {

load_result loaded(std::string_view toml) {
    const config_dir dir;
    dir.write("etc/loopmond.toml", toml);
    return loopmond::load_config({}, dir.search());
}

std::vector<trip_cause> trip_on(std::string_view list) {
    const auto result = loaded("watchdog.trip_on = " + std::string(list));
    CHECK(result.errors.empty());
    return result.value.monitor.watchdog.trip_on;
}

} // namespace

TEST_CASE("library settings: each cause that trip_on names is the library's, in any number",
          "[library_settings]") {
    const std::vector<std::pair<const char*, trip_cause>> named = {
        {"['cpu']", trip_cause::cpu},
        {"['blocked']", trip_cause::blocked},
        {"['io']", trip_cause::io},
        {"['congestion']", trip_cause::congestion},
        {"['starved']", trip_cause::starved}};
    for (const auto& [list, why] : named) {
        INFO(list);
        CHECK(trip_on(list) == std::vector{why});
    }
    CHECK(trip_on("['io', 'cpu']") == std::vector{trip_cause::io, trip_cause::cpu});
    CHECK(trip_on("[]").empty());
}

TEST_CASE("library settings: without trip_on, or with an unknown cause in it, it is the library's",
          "[library_settings]") {
    const auto defaults = loopmon::watchdog_options().trip_on;
    CHECK(loaded("").value.monitor.watchdog.trip_on == defaults);
    for (const auto* const list : {"['paused']", "['cpu', 'traced']", "['unknown']", "['CPU']"}) {
        INFO(list);
        const auto refused = loaded(std::string("watchdog.trip_on = ") + list);
        CHECK(refused.errors.size() == 1);
        CHECK(refused.value.monitor.watchdog.trip_on == defaults);
    }
}

TEST_CASE("library settings: every other setting arrives where it belongs", "[library_settings]") {
    const auto result = loaded(R"(
        loop.interval = "11ms"
        lag = {warn = "12ms", critical = "13ms", clear_after = "14ms", grace = "15ms", window = "16s"}
        tasks = {max = 17, leak_windows = 18, leak_window = "19s", leak_min = 20}
        watchdog = {action = "withhold", lag = "21s"}
        report = {stacks = false, alerts_per_minute = 22}
        debug.injection = true)");
    REQUIRE(result.errors.empty());
    const auto& watched = result.value.watch;
    CHECK(watched.name == "main");
    CHECK(watched.interval == 11ms);
    CHECK(watched.warn == 12ms);
    CHECK(watched.critical == 13ms);
    CHECK(watched.clear_after == 14ms);
    CHECK(watched.window == 16s);
    CHECK(watched.tasks.max == 17);
    CHECK(watched.tasks.leak_windows == 18);
    CHECK(watched.tasks.leak_window == 19s);
    CHECK(watched.tasks.leak_min == 20);
    CHECK(watched.alerts_per_minute == 22);
    CHECK(watched.gates_watchdog);
    const auto& monitored = result.value.monitor;
    CHECK(monitored.grace == 15ms);
    CHECK(monitored.watchdog.action == loopmon::watchdog_action::withhold);
    CHECK(monitored.watchdog.lag == 21s);
    CHECK(monitored.injection);
    CHECK_FALSE(monitored.stacks);
}
