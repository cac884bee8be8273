// SPDX-License-Identifier: MIT
#include "config/print.hpp"

#include "config_dir.hpp"
#include "support/catch.hpp"
#include "test_data.hpp"

#include <sstream>

using namespace std::chrono_literals;
using loopmond_test::config_dir;
using loopmond_test::files_in;
using loopmond_test::read_text;

namespace {

const std::vector<std::string> none; // shows the errors if there are some

std::string printed(const loopmond::load_result& loaded) {
    std::ostringstream out;
    loopmond::print_config(loaded, out);
    return out.str();
}

/// The printed form without its comments: the values alone.
std::string values(const loopmond::load_result& loaded) {
    std::istringstream lines(printed(loaded));
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        text += line.substr(0, line.rfind(" # ")) + '\n';
    }
    return text;
}

} // namespace

TEST_CASE("print_config: what it prints is read back as the same configuration", "[print_config]") {
    for (const std::string& path : files_in("valid")) {
        INFO(path);
        const config_dir dir;
        const auto first = dir.load(read_text(path));
        REQUIRE(first.errors == none);
        const auto second = dir.load(printed(first));
        CHECK(second.errors == none);
        CHECK(values(second) == values(first));
    }
}

TEST_CASE("print_config: every value of every key survives", "[print_config]") {
    const config_dir dir;
    const auto text =
        read_text(loopmond_test::source_directory / "tests/data/config/valid/everything.toml");
    const auto c = dir.load(printed(dir.load(text))).value;
    CHECK(c.watch.interval == 500ms);
    CHECK(c.threads == 3);
    CHECK(c.watch.warn == 50ms);
    CHECK(c.watch.critical == 90s);
    CHECK(c.watch.clear_after == 2500ms);
    CHECK(c.monitor.grace == 0s);
    CHECK(c.watch.window == 5min);
    CHECK(c.watch.tasks.max == 1000);
    CHECK(c.watch.tasks.leak_windows == 2);
    CHECK(c.watch.tasks.leak_window == 1h);
    CHECK(c.watch.tasks.leak_min == 16);
    CHECK(c.monitor.watchdog.action == loopmon::watchdog_action::withhold);
    CHECK(c.monitor.watchdog.lag == 2min);
    CHECK(c.monitor.watchdog.trip_on ==
          std::vector{loopmon::trip_cause::starved, loopmon::trip_cause::io});
    CHECK_FALSE(c.monitor.stacks);
    CHECK(c.watch.alerts_per_minute == 60);
    CHECK(c.bus_address == "unix:path=/run/my \"bus\"");
    CHECK(c.monitor.injection);
    REQUIRE(c.probes.size() == 2);
    CHECK(c.probes[0].name == R"(with "quotes" \ and. dots)");
    CHECK(c.probes[0].target == "dbus:org.example.One_1");
    CHECK(c.probes[0].bus_name == "org.example.One_1");
    CHECK(c.probes[0].interval == 1s);
    CHECK(c.probes[0].timeout == 1s);
    CHECK(c.probes[0].slow == 999'999us);
    CHECK(c.probes[1].interval == 5s);
}

TEST_CASE("print_config: names the source of each value", "[print_config]") {
    const config_dir dir;
    const auto main = dir.write("etc/loopmond.toml", "[loop]\nthreads = 2");
    loopmond::options given;
    given.settings = {"tasks.max=3"};
    const auto text = printed(loopmond::load_config(given, dir.search()));
    CHECK_THAT(text, Catch::ContainsSubstring("\nthreads = 2                             # " +
                                              main + ":2\n"));
    CHECK_THAT(text, Catch::ContainsSubstring(
                         "\nmax = 3                                 # --set tasks.max=3\n"));
    CHECK_THAT(text,
               Catch::ContainsSubstring("\nwarn = \"100ms\"                          # default\n"));
}

TEST_CASE("print_config: a strange file name does not break out of its comment", "[print_config]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml.d/a\nx = 1\xff.toml", "loop.threads = 2");
    const auto again = dir.load(printed(dir.load()));
    CHECK(again.errors == none);
    CHECK(again.value.threads == 2);
}
