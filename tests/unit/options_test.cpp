// SPDX-License-Identifier: MIT
#include "options.hpp"

#include "support/catch.hpp"

#include <utility>

using loopmon::trip_cause;
using loopmon::judge::cause;
using loopmon::judge::trip_causes;

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
