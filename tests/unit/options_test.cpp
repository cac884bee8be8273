// SPDX-License-Identifier: MIT
#include "options.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using loopmon::trip_cause;
using loopmon::judge::trip_causes;
using loopmon::model::cause;

namespace {

trip_causes checked(std::vector<trip_cause> trip_on) {
    loopmon::monitor_settings settings;
    settings.watchdog.trip_on = std::move(trip_on);
    return loopmon::checked(settings).watchdog.trip_on;
}

/// All about which there can be two opinions, and what the judge calls them.
const std::vector<std::pair<trip_cause, cause>> causes = {
    {trip_cause::cpu, cause::cpu},
    {trip_cause::blocked, cause::blocked},
    {trip_cause::io, cause::io},
    {trip_cause::congestion, cause::congestion},
    {trip_cause::starved, cause::starved}};

/// What is wrong with the options after `change`; empty: nothing.
template <class Options, class Change>
std::string problem_of(Options options, Change&& change) {
    change(options);
    try {
        (void)loopmon::checked(options);
        return {};
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
}

} // namespace

TEST_CASE("options: each cause of trip_on trips, and none that is not listed", "[options]") {
    for (const auto& [listed, own] : causes) {
        const auto made = checked({listed});
        for (const auto& [other, why] : causes) {
            INFO(to_string(own) << " listed, " << to_string(why) << " asked");
            CHECK(made.contains(why) == (other == listed));
        }
    }
    CHECK(checked({trip_cause::io, trip_cause::cpu, trip_cause::io}) ==
          trip_causes{cause::cpu, cause::io});
}

TEST_CASE("options: an empty trip_on leaves what nobody can excuse", "[options]") {
    const auto made = checked({});
    for (const auto& [listed, why] : causes) {
        CHECK_FALSE(made.contains(why));
    }
    CHECK(made.contains(cause::unknown));
    CHECK_FALSE(made.contains(cause::paused));
    CHECK_FALSE(made.contains(cause::traced));
}

TEST_CASE("options: a number that is no cause lists none of them", "[options]") {
    const auto made = checked({static_cast<trip_cause>(99)});
    for (const auto& [listed, why] : causes) {
        CHECK_FALSE(made.contains(why));
    }
    CHECK_FALSE(made.contains(cause::paused));
}

TEST_CASE("options: the defaults are those of the judge", "[options]") {
    CHECK(loopmon::checked(loopmon::monitor_settings()).watchdog.trip_on ==
          loopmon::judge::watchdog_limits().trip_on);
}

TEST_CASE("options: a day is long enough for all, and no sum with it overflows", "[options]") {
    using loopmon::duration;
    const auto watch = [](auto change) { return problem_of(loopmon::watch_options(), change); };
    const auto monitor = [](auto change) {
        return problem_of(loopmon::monitor_settings(), change);
    };
    CHECK(watch([](auto& o) {
              o.warn = 24h - 1ns;
              o.critical = o.clear_after = o.tasks.leak_window = 24h;
          }).empty());
    CHECK(monitor([](auto& s) { s.grace = s.watchdog.lag = 24h; }).empty());

    for (const auto longer : {duration(24h + 1ns), duration::max()}) {
        CHECK(watch([&](auto& o) { o.warn = o.critical = longer; }) ==
              "watch_options::warn: 1 ms to less than 24 h");
        CHECK(watch([&](auto& o) { o.critical = longer; }) ==
              "watch_options::critical must be greater than warn, and 24 h at most");
        CHECK(watch([&](auto& o) { o.clear_after = longer; }) ==
              "watch_options::clear_after must be greater than 0, and 24 h at most");
        CHECK(watch([&](auto& o) { o.tasks.leak_window = longer; }) ==
              "task_limits::leak_window: 1 s to 24 h");
        CHECK(monitor([&](auto& s) { s.grace = longer; }) ==
              "monitor_settings::grace must not be negative, and 24 h at most");
        CHECK(monitor([&](auto& s) { s.watchdog.lag = longer; }) ==
              "watchdog_options::lag must be greater than 0, and 24 h at most");
    }
}
