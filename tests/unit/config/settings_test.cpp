// SPDX-License-Identifier: MIT
//
// --set and --bus: applied after all files.
#include "config_dir.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmond::load_config;
using loopmond::load_result;
using loopmond::options;
using loopmond_test::config_dir;
using strings = std::vector<std::string>;

namespace {

const std::vector<std::string> none; // shows the errors if there are some

load_result set(strings settings) {
    const config_dir empty;
    options given;
    given.settings = std::move(settings);
    return load_config(given, empty.search());
}

} // namespace

TEST_CASE("option --set: takes TOML values, and bare words as strings", "[set]") {
    const auto loaded = set({"lag.warn=50ms", "lag.critical=\"2s\"", "lag.grace=1min 30s",
                             "loop.threads=4", "debug.injection=true", "watchdog.action=off",
                             "bus.address=unix:path=/run/x", "tasks={max=7, leak_min=3}",
                             "watchdog.trip_on=[\"starved\", \"cpu\"]", "report.stacks=false"});
    CHECK(loaded.errors == none);
    CHECK(loaded.value.watch.warn == 50ms);
    CHECK(loaded.value.watch.critical == 2s);
    CHECK(loaded.value.monitor.grace == 90s);
    CHECK(loaded.value.threads == 4);
    CHECK(loaded.value.monitor.injection);
    CHECK(loaded.value.monitor.watchdog.action == loopmon::watchdog_action::off);
    CHECK(loaded.value.monitor.watchdog.trip_on ==
          std::vector{loopmon::trip_cause::starved, loopmon::trip_cause::cpu});
    CHECK_FALSE(loaded.value.monitor.stacks);
    CHECK(loaded.value.bus_address == "unix:path=/run/x");
    CHECK(loaded.value.watch.tasks.max == 7);
    CHECK(loaded.value.watch.tasks.leak_min == 3);
    CHECK(loaded.files.empty());
    CHECK(loaded.origins.at({"", "lag.warn"}) == "--set lag.warn=50ms");
}

TEST_CASE("option --set: goes before the files, the last one before the others", "[set]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml.d/a.toml", "loop.threads = 2");
    options given;
    given.settings = {"loop.threads=3", "loop.threads=4"};
    CHECK(load_config(given, dir.search()).value.threads == 4);
}

TEST_CASE("option --set: adds and replaces services", "[set]") {
    const auto loaded = set({R"(service=[{type="probe", name="a", target="dbus:a.a"}])",
                             R"(service=[{type="probe", name="a", target="dbus:a.b"}])"});
    CHECK(loaded.errors == none);
    REQUIRE(loaded.value.probes.size() == 1);
    CHECK(loaded.value.probes.front().bus_name == "a.b");
}

TEST_CASE("option --set: errors quote the option instead of a place", "[set]") {
    CHECK(set({"lag.warn=50"}).errors ==
          strings{"--set lag.warn=50: error: key 'lag.warn': is an integer, must be a duration in "
                  "quotes with its unit, such as \"250ms\"; allowed: 1ms to 1d"});
    CHECK(set({"lag.wran=50ms"}).errors ==
          strings{"--set lag.wran=50ms: error: key 'lag.wran': unknown key; allowed: warn, "
                  "critical, clear_after, grace, window; did you mean 'lag.warn'?"});
    CHECK(set({"lag.warn=1s"}).errors ==
          strings{"--set lag.warn=1s: error: key 'lag.warn': 1s must be shorter than "
                  "'lag.critical' (1s by default)"});
    CHECK(set({"lag.warn"}).errors ==
          strings{"--set lag.warn: error: must be KEY=VALUE, for example lag.warn=50ms"});
    for (const char* wrong :
         {"=1", "lag.warn=", "lag=1", "lag.=1", ".=1", "service.a=1", "lag.warn=\"50ms",
          "lag.warn.x=1s", "loop.threads=1\nlag.grace=\"1s\"", "loop.threads=1 \xff"}) {
        INFO(wrong);
        const auto errors = set({wrong}).errors;
        REQUIRE(errors.size() == 1);
        CHECK(errors.front().find('\n') == std::string::npos);
    }
}

TEST_CASE("option --set: a key of absurd depth or length is an error like another", "[set]") {
    std::string deep = "lag";
    for (int i = 0; i < 50'000; ++i) {
        deep += ".a";
    }
    CHECK(set({deep + "=1"}).errors.size() == 1);
    CHECK(set({"lag.warn=" + std::string(100'000, '[')}).errors.size() == 1);
}

TEST_CASE("option --bus: has the last word about bus.address, under its rules", "[set]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml", "bus.address = 'session'");
    options given;
    given.settings = {"bus.address=system"};
    given.bus_address = "none";
    const auto loaded = load_config(given, dir.search());
    CHECK(loaded.errors == none);
    CHECK(loaded.value.bus_address == "none");
    CHECK(loaded.origins.at({"", "bus.address"}) == "--bus none");

    given.bus_address = "here";
    const auto refused = load_config(given, dir.search());
    REQUIRE(refused.errors.size() == 1);
    CHECK(refused.errors.front().starts_with("--bus here: error: key 'bus.address': \"here\""));
}
