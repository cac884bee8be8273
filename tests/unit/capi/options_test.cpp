// SPDX-License-Identifier: MIT
#include "capi/options.hpp"

#include "support/catch.hpp"

#include <loopmon/detail/c_options.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

using namespace loopmon;
using namespace std::chrono_literals;

namespace {

/// What a call for a monitor with these options leaves in loopmon_last_error().
template <class Options>
std::string refused(const Options& options) {
    loopmon_monitor* made = nullptr;
    CHECK(loopmon_monitor_new(&options, &made) == -EINVAL);
    CHECK(made == nullptr);
    return loopmon_last_error();
}

loopmon_monitor_options monitor_defaults() {
    loopmon_monitor_options options;
    loopmon_monitor_options_init(&options, sizeof options);
    return options;
}

} // namespace

TEST_CASE("capi: every option of a watch gets across") {
    loopmon_watch_options given;
    loopmon_watch_options_init(&given, sizeof given);
    CHECK(given.size == sizeof given);
    given.name = "other";
    given.interval_nsec = 1;
    given.warn_nsec = 2;
    given.critical_nsec = 3;
    given.clear_after_nsec = 4;
    given.window_nsec = 5;
    given.tasks_max = 6;
    given.tasks_leak_window_nsec = 7;
    given.tasks_leak_windows = 8;
    given.alerts_per_minute = 9;
    given.tasks_leak_min = 10;
    given.gates_watchdog = 0;
    const auto got = capi::options_of(&given);
    CHECK(got.name == "other");
    CHECK(got.interval == 1ns);
    CHECK(got.warn == 2ns);
    CHECK(got.critical == 3ns);
    CHECK(got.clear_after == 4ns);
    CHECK(got.window == 5ns);
    CHECK(got.tasks.max == 6);
    CHECK(got.tasks.leak_window == 7ns);
    CHECK(got.tasks.leak_windows == 8);
    CHECK(got.alerts_per_minute == 9);
    CHECK(got.tasks.leak_min == 10);
    CHECK_FALSE(got.gates_watchdog);
    // And back, as the C++ interface gives them.
    auto back = detail::c_options(got);
    CHECK(std::string(back.name) == given.name);
    back.name = given.name;
    CHECK(std::memcmp(&back, &given, sizeof given) == 0);
}

TEST_CASE("capi: every setting gets across") {
    loopmon_settings given;
    loopmon_settings_init(&given, sizeof given);
    CHECK(given.size == sizeof given);
    given.watchdog_action = LOOPMON_WATCHDOG_WITHHOLD;
    given.watchdog_trip_on = LOOPMON_TRIP_IO | LOOPMON_TRIP_STARVED;
    given.watchdog_lag_nsec = 1;
    given.grace_nsec = 2;
    given.injection = 1;
    given.stacks = 0;
    const auto got = capi::settings_of(&given);
    CHECK(got.watchdog.action == watchdog_action::withhold);
    CHECK(got.watchdog.trip_on == std::vector{cause::io, cause::starved});
    CHECK(got.watchdog.lag == 1ns);
    CHECK(got.grace == 2ns);
    CHECK(got.injection);
    CHECK_FALSE(got.stacks);
    const auto back = detail::c_options(got);
    CHECK(std::memcmp(&back, &given, sizeof given) == 0);
}

TEST_CASE("capi: every option of a monitor gets across") {
    auto given = monitor_defaults();
    loopmon_settings settings;
    loopmon_settings_init(&settings, sizeof settings);
    settings.grace_nsec = 3;
    static int reloads = 0;
    static int destroyed = 0;
    given.bus = LOOPMON_BUS_SESSION;
    given.bus_address = "address";
    given.bus_name = "name";
    given.settings = &settings;
    given.state_directory = "directory";
    given.auto_ready = 0;
    given.stack_signal = 40;
    given.userdata = &reloads;
    given.reload = [](loopmon_reload* call, void* userdata) {
        ++*static_cast<int*>(userdata);
        loopmon_reload_done(call, "wrong");
    };
    given.destroy = [](void* /*userdata*/) { ++destroyed; };
    {
        const auto got = capi::options_of(&given);
        CHECK(got.bus == bus_kind::session);
        CHECK(got.bus_address == "address");
        CHECK(got.bus_name == "name");
        CHECK(got.settings.grace == 3ns);
        CHECK(got.state_directory == "directory");
        CHECK_FALSE(got.auto_ready);
        CHECK(got.stack_signal == 40);
        std::string answer;
        got.reload([&answer](const std::string& error) { answer = error; });
        CHECK(reloads == 1);
        CHECK(answer == "wrong");
        CHECK(destroyed == 0);
    }
    CHECK(destroyed == 1);
}

TEST_CASE("capi: the defaults are those of the C++ interface") {
    const auto options = capi::options_of(static_cast<const loopmon_monitor_options*>(nullptr));
    CHECK(options.bus == monitor_options().bus);
    CHECK(options.auto_ready == monitor_options().auto_ready);
    CHECK(options.stack_signal == monitor_options().stack_signal);
    CHECK_FALSE(options.reload);
    const auto settings = detail::c_options(options.settings);
    const auto expected = detail::c_options(monitor_settings());
    CHECK(std::memcmp(&settings, &expected, sizeof expected) == 0);
    const auto watched = capi::options_of(static_cast<const loopmon_watch_options*>(nullptr));
    CHECK(watched.name == watch_options().name);
    CHECK(watched.warn == watch_options().warn);
}

TEST_CASE("capi: options of another version of the library") {
    SECTION("of an older header: what it lacks has its default") {
        loopmon_settings given;
        std::memset(&given, 0xff, sizeof given);
        const auto older = offsetof(loopmon_settings, grace_nsec);
        loopmon_settings_init(&given, older);
        CHECK(given.size == older);
        CHECK(given.grace_nsec == -1); // is the caller's memory
        given.watchdog_lag_nsec = 5;
        const auto got = capi::settings_of(&given);
        CHECK(got.watchdog.lag == 5ns);
        CHECK(got.grace == monitor_settings().grace);
    }
    struct newer {
        loopmon_monitor_options known;
        std::uint64_t added;
    };
    newer given{monitor_defaults(), 0};
    given.known.size = sizeof given;
    SECTION("of a newer header: what is not set does not matter") {
        CHECK(capi::options_of(&given.known).auto_ready);
    }
    SECTION("of a newer header: what is set is refused") {
        given.added = 1;
        CHECK_THAT(refused(given.known), Catch::ContainsSubstring("does not know"));
    }
}

TEST_CASE("capi: what is wrong with options is reported in words") {
    auto given = monitor_defaults();
    loopmon_settings settings;
    loopmon_settings_init(&settings, sizeof settings);
    given.settings = &settings;
    SECTION("a structure that was not filled in") {
        given.size = 0;
        CHECK_THAT(refused(given), Catch::ContainsSubstring("loopmon_monitor_options::size"));
    }
    SECTION("a number without an enumerator") {
        given.bus = 7;
        CHECK_THAT(refused(given), Catch::ContainsSubstring("loopmon_monitor_options::bus"));
        given.bus = -1;
        CHECK_THAT(refused(given), Catch::ContainsSubstring("loopmon_monitor_options::bus"));
    }
    SECTION("a bit without a cause") {
        settings.watchdog_trip_on = 1U << 30;
        CHECK_THAT(refused(given), Catch::ContainsSubstring("watchdog_trip_on"));
    }
    SECTION("a cause that may not be listed") {
        settings.watchdog_trip_on = detail::c_bit(cause::paused);
        CHECK_THAT(refused(given), Catch::ContainsSubstring("trip_on"));
    }
    SECTION("a value out of range") {
        settings.watchdog_lag_nsec = -1;
        CHECK_THAT(refused(given), Catch::ContainsSubstring("lag"));
    }
}
