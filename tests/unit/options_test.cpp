// SPDX-License-Identifier: MIT
#include "monitor/options.hpp"

#include "report/text.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using loopmon::trip_cause;
using loopmon::model::cause;

namespace {

loopmon::watchdog_limits checked(std::vector<trip_cause> trip_on) {
    loopmon::monitor_settings settings;
    settings.watchdog.trip_on = std::move(trip_on);
    return loopmon::checked(settings).watchdog;
}

const std::vector<cause> listable{cause::cpu, cause::blocked, cause::io, cause::congestion,
                                  cause::starved};

std::string shown(loopmon::duration value) {
    return loopmon::report::human(value);
}
std::string shown(std::uint64_t value) {
    return std::to_string(value);
}

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
            CHECK(made.trips_for(why) == (why == listed));
        }
    }
    const auto twice = checked({trip_cause::io, trip_cause::cpu, trip_cause::io});
    CHECK(twice.trips_for(cause::io));
    CHECK(twice.trips_for(cause::cpu));
    CHECK_FALSE(twice.trips_for(cause::blocked));
}

TEST_CASE("options: an empty trip_on leaves what nobody can excuse", "[options]") {
    const auto made = checked({});
    for (const auto why : listable) {
        CHECK_FALSE(made.trips_for(why));
    }
    CHECK(made.trips_for(cause::unknown));
    CHECK_FALSE(made.trips_for(cause::paused));
    CHECK_FALSE(made.trips_for(cause::traced));
}

TEST_CASE("options: a cause that may not be listed, or a number that is none, is refused",
          "[options]") {
    for (const auto why :
         {cause::none, cause::unknown, cause::paused, cause::traced, static_cast<cause>(99)}) {
        CHECK_THROWS_AS(checked({cause::cpu, why}), std::invalid_argument);
    }
}

TEST_CASE("options: the defaults are allowed, and those that a program's options repeat agree",
          "[options]") {
    const auto loop = loopmon::checked(loopmon::watch_options());
    CHECK(loop.lag.warn == loopmon::lag_limits().warn);
    CHECK(loop.lag.critical == loopmon::lag_limits().critical);
    CHECK(loop.lag.clear_after == loopmon::lag_limits().clear_after);
    CHECK(loop.lag.alerts_per_minute == loopmon::lag_limits().alerts_per_minute);
    CHECK(loopmon::checked(loopmon::monitor_settings()).watchdog.trip_on ==
          loopmon::default_trip_causes());
}

TEST_CASE("options: each limit arrives where it belongs", "[options]") {
    const auto loop = loopmon::checked(loopmon::watch_options{.name = "n",
                                                              .interval = 11ms,
                                                              .warn = 12ms,
                                                              .critical = 13ms,
                                                              .clear_after = 14ms,
                                                              .window = 15s,
                                                              .tasks = {.max = 16},
                                                              .alerts_per_minute = 17,
                                                              .gates_watchdog = false});
    CHECK(loop.name == "n");
    CHECK(loop.interval == 11ms);
    CHECK(loop.lag.warn == 12ms);
    CHECK(loop.lag.critical == 13ms);
    CHECK(loop.lag.clear_after == 14ms);
    CHECK(loop.window == 15s);
    CHECK(loop.tasks.max == 16);
    CHECK(loop.lag.alerts_per_minute == 17);
    CHECK_FALSE(loop.critical);
}

TEST_CASE("options: each limit is accepted up to both ends of its range and refused beyond",
          "[options]") {
    std::size_t tested = 0;
    const auto test = [&tested](auto options) {
        visit_limits(options, [&](const std::string& name, const auto& value, const auto& range) {
            using limit = std::decay_t<decltype(value)>;
            INFO(name);
            ++tested;
            const auto is_out_of_range = [&](limit to) {
                const auto before = std::exchange(const_cast<limit&>(value), to);
                const auto text = problem_of(options, [](auto&) {});
                const_cast<limit&>(value) = before;
                return text.ends_with(name + " must be " + shown(range.min) + " to " +
                                      shown(range.max));
            };
            const auto least = static_cast<limit>(range.min);
            const auto most = static_cast<limit>(range.max);
            CHECK_FALSE(is_out_of_range(least));
            CHECK_FALSE(is_out_of_range(most));
            CHECK(is_out_of_range(most + limit(1)));
            CHECK((least == limit(0) || is_out_of_range(least - limit(1))));
        });
    };
    test(loopmon::watch_options());
    test(loopmon::monitor_settings());
    CHECK(tested == 12);
}

TEST_CASE("options: what is wrong is named, with what is allowed", "[options]") {
    using loopmon::duration;
    const auto watch = [](auto change) { return problem_of(loopmon::watch_options(), change); };
    const auto monitor = [](auto change) {
        return problem_of(loopmon::monitor_settings(), change);
    };
    CHECK(watch([](auto& o) { o.name.clear(); }) == "watch_options::name must not be empty");
    CHECK(watch([](auto& o) { o.interval = 0ms; }) ==
          "watch_options::interval must be 1ms to 1min");
    CHECK(watch([](auto& o) { o.warn = o.critical; }) ==
          "watch_options::warn must be less than critical");
    CHECK(watch([](auto& o) {
              o.interval = 1s + 1ms;
              o.window = 1s;
          }) == "watch_options::interval must not be greater than window");
    CHECK(watch([](auto& o) { o.tasks.leak_windows = 1; }) ==
          "watch_options::tasks.leak_windows must be 2 to 1000");
    CHECK(monitor([](auto& s) { s.watchdog.trip_on = {cause::traced}; }) ==
          "monitor_settings::watchdog.trip_on must not list traced, which always trips or never");
    CHECK(watch([](auto& o) {
              o.warn = 24h - 1ns;
              o.critical = o.clear_after = o.tasks.leak_window = 24h;
          }).empty());
    CHECK(monitor([](auto& s) { s.grace = s.watchdog.lag = 24h; }).empty());
    for (const auto longer : {duration(24h + 1ns), duration::max()}) {
        CHECK(watch([&](auto& o) { o.warn = o.critical = longer; }) ==
              "watch_options::warn must be 1ms to 1d");
        CHECK(monitor([&](auto& s) { s.grace = longer; }) ==
              "monitor_settings::grace must be 0us to 1d");
        CHECK(monitor([&](auto& s) { s.watchdog.lag = longer; }) ==
              "monitor_settings::watchdog.lag must be 1ms to 1d");
    }
}
