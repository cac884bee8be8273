// SPDX-License-Identifier: MIT
#include "report/console.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <optional>

using namespace std::chrono_literals;
using namespace loopmon::report;
using loopmon::model::wall_time;

namespace {

/// 2023-11-14 22:13:20 UTC, and a little.
constexpr wall_time when{1'700'000'000s + 7ms + 999us};

/// The local time zone, for as long as a test needs it.
class time_zone {
public:
    explicit time_zone(const char* name) {
        if (const char* const before = std::getenv("TZ")) {
            before_ = before;
        }
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    time_zone(const time_zone&) = delete;
    time_zone& operator=(const time_zone&) = delete;
    ~time_zone() {
        if (before_) {
            ::setenv("TZ", before_->c_str(), 1);
        } else {
            ::unsetenv("TZ");
        }
        ::tzset();
    }

private:
    std::optional<std::string> before_;
};

record note(priority severity, std::string text) {
    return {.severity = severity, .text = std::move(text)};
}

} // namespace

TEST_CASE("console: a log service gets each line with its priority, and no time", "[report]") {
    CHECK(console_text(note(priority::warning, "one\ntwo"), console_style::prefixed, when) ==
          "<4>one\n<4>two\n");
    const record stall{
        .severity = priority::err, .text = "blocked", .details = "  #0 openat\n  #1 main"};
    CHECK(console_text(stall, console_style::prefixed, when) ==
          "<3>blocked\n<3>  #0 openat\n<3>  #1 main\n");
}

TEST_CASE("console: people get the time, the priority as a word, and the details below",
          "[report]") {
    const time_zone utc("UTC0");
    CHECK(console_text(note(priority::info, "well"), console_style::plain, when) ==
          "2023-11-14 22:13:20.007 info: well\n");
    const record stall{
        .severity = priority::err, .text = "blocked", .details = "  #0 openat\n  #1 main"};
    CHECK(console_text(stall, console_style::plain, when) ==
          "2023-11-14 22:13:20.007 err: blocked\n  #0 openat\n  #1 main\n");
}

TEST_CASE("console: the time is that of the place, and right at the ends of seconds", "[report]") {
    const time_zone india("IST-5:30");
    const auto stamp = [](wall_time at) {
        return console_text(note(priority::info, "x"), console_style::plain, at).substr(0, 23);
    };
    CHECK(stamp(when) == "2023-11-15 03:43:20.007");
    CHECK(stamp(wall_time(1'700'000'000s)) == "2023-11-15 03:43:20.000");
    CHECK(stamp(wall_time(1'700'000'001s - 1ns)) == "2023-11-15 03:43:20.999");
    CHECK(stamp(wall_time(-1ms)) == "1970-01-01 05:29:59.999"); // a device without a clock
}

TEST_CASE("console: colour shows the priority, on each line, and not the time", "[report]") {
    const time_zone utc("UTC0");
    const auto text = [](priority severity) {
        return console_text(note(severity, "one\ntwo"), console_style::coloured, when).substr(24);
    };
    CHECK(text(priority::debug) == "debug: one\ntwo\n");
    CHECK(text(priority::info) == "info: one\ntwo\n");
    CHECK(text(priority::notice) == "\033[1mnotice: one\033[0m\n\033[1mtwo\033[0m\n");
    CHECK(text(priority::warning) == "\033[1;33mwarning: one\033[0m\n\033[1;33mtwo\033[0m\n");
    for (const auto alert : {priority::emerg, priority::alert, priority::crit, priority::err}) {
        CHECK_THAT(text(alert), Catch::ContainsSubstring("\033[1;31mtwo\033[0m\n"));
    }
}

TEST_CASE("console: colours need a terminal that has them, and nobody who refuses them",
          "[report]") {
    CHECK(wants_colour(nullptr, "xterm-256color"));
    CHECK(wants_colour("", "xterm")); // set but empty is not set: no-color.org
    CHECK_FALSE(wants_colour("1", "xterm"));
    CHECK_FALSE(wants_colour("0", "xterm")); // whatever the value
    CHECK_FALSE(wants_colour(nullptr, "dumb"));
    CHECK_FALSE(wants_colour(nullptr, nullptr));
}

TEST_CASE("console: the style is that of what is connected", "[report]") {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    CHECK(console_style_of(pipe[1], true) == console_style::prefixed);
    ::close(pipe[0]);
    ::close(pipe[1]);
    CHECK(console_style_of(pipe[1], true) == console_style::prefixed); // closed: nobody reads it

    const loopmon::test::temporary_directory dir;
    const int file = ::open((dir.path() / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    CHECK(console_style_of(file, true) == console_style::plain);
    ::close(file);

    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    CHECK(console_style_of(terminal, true) == console_style::coloured);
    CHECK(console_style_of(terminal, false) == console_style::plain);
    ::close(terminal);
}
