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

const std::vector<cause> listable{cause::cpu, cause::blocked, cause::io, cause::congestion,
                                  cause::starved};

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
    for (const auto listed : listable) {
        const auto made = checked({listed});
        for (const auto why : listable) {
            INFO(to_string(listed) << " listed, " << to_string(why) << " asked");
            CHECK(made.contains(why) == (why == listed));
        }
    }
    CHECK(checked({trip_cause::io, trip_cause::cpu, trip_cause::io}) ==
          trip_causes{cause::cpu, cause::io});
}

TEST_CASE("options: an empty trip_on leaves what nobody can excuse", "[options]") {
    const auto made = checked({});
    for (const auto why : listable) {
        CHECK_FALSE(made.contains(why));
    }
    CHECK(made.contains(cause::unknown));
    CHECK_FALSE(made.contains(cause::paused));
    CHECK_FALSE(made.contains(cause::traced));
}

TEST_CASE("options: a cause that may not be listed, or a number that is none, is refused",
          "[options]") {
    for (const auto why :
         {cause::none, cause::unknown, cause::paused, cause::traced, static_cast<cause>(99)}) {
        CHECK_THROWS_AS(checked({cause::cpu, why}), std::invalid_argument);
    }
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
