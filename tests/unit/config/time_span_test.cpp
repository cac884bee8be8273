// SPDX-License-Identifier: MIT
#include "config/time_span.hpp"

#include "support/catch.hpp"
#include "support/skip.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

using namespace std::chrono_literals;
using loopmond::format_time_span;
using loopmond::parse_time_span;
using std::chrono::nanoseconds;

namespace {

struct example {
    const char* text;
    nanoseconds value;
};

constexpr example valid[] = {
    {"0", 0ns},
    {"1", 1s},
    {"1us", 1us},
    {"2usec", 2us},
    {"3\u00b5s", 3us},
    {"250ms", 250ms},
    {"250 ms", 250ms},
    {"4msec", 4ms},
    {"5s", 5s},
    {"5sec", 5s},
    {"1second", 1s},
    {"5seconds", 5s},
    {"6m", 6min},
    {"6min", 6min},
    {"1minute", 1min},
    {"6minutes", 6min},
    {"7h", 7h},
    {"7hr", 7h},
    {"1hour", 1h},
    {"7hours", 7h},
    {"8d", 8 * 24h},
    {"1day", 24h},
    {"8days", 8 * 24h},
    {"1w", 7 * 24h},
    {"1week", 7 * 24h},
    {"2weeks", 14 * 24h},
    {"1M", 2'629'800s},
    {"1month", 2'629'800s},
    {"2months", 5'259'600s},
    {"1y", 31'557'600s},
    {"1year", 31'557'600s},
    {"2years", 63'115'200s},
    {"1min 30s", 90s},
    {"1min30s", 90s},
    {"1min 30", 90s},
    {"55s500ms", 55'500ms},
    {"1h2m3s4ms5us", 3'723'004'005us},
    {"1s 1s", 2s},
    {"1 2", 3s},
    {"1.5", 1500ms},
    {"1.5s", 1500ms},
    {"1.5 s", 1500ms},
    {".5s", 500ms},
    {"0.25ms", 250us},
    {"1.5h", 90min},
    {"1s.5", 1500ms},
    {"1.2 .3s", 1500ms},
    {"0.0000019s", 1us},
    {"0.00000019min", 6us},
    {"0.5us", 0us},
    {" \t 5s \n", 5s},
    {"007s", 7s},
};

constexpr const char* invalid[] = {
    "",      " ",   "s",      "ms",       "x",      "5x",   "5S",
    "1Min",  "1wk", "1e3s",   "1,5s",     "1.s",    "1.",   ".",
    "-1s",   "-0",  "1s -1s", "12.34.56", "1.2.3s", "0x10", "1 s s",
    "1s,2s", "nan", "inf",    "1s;",      "\"1s\"", "1s #", "99999999999999999999s",
};

// Refused on purpose, though systemd takes it: a limit that is never reached is a mistake here.
constexpr const char* refused_by_us_only[] = {"infinity", "+5s", "300y"};

/// What systemd makes of a span, in microseconds; nothing if it refuses.
std::optional<long long> ask_systemd(const std::string& text) {
    std::string command = "systemd-analyze timespan -- '" + text + "' 2>/dev/null";
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"),
                                                               &::pclose);
    REQUIRE(pipe);
    std::optional<long long> usec;
    char line[256];
    const std::string label = "\u03bcs:";
    while (std::fgets(line, sizeof line, pipe.get()) != nullptr) {
        if (const char* at = std::strstr(line, label.c_str())) {
            usec = std::atoll(at + label.size());
        }
    }
    return usec;
}

} // namespace

TEST_CASE("time_span: every unit, sum and fraction of systemd.time(7) is understood",
          "[time_span]") {
    for (const example& e : valid) {
        INFO(e.text);
        const auto span = parse_time_span(e.text);
        CHECK(span.problem.empty());
        CHECK(span.value.count() == e.value.count());
    }
}

TEST_CASE("time_span: an invalid time span is refused with a reason that quotes it",
          "[time_span]") {
    for (const char* text : invalid) {
        INFO(text);
        CHECK_FALSE(parse_time_span(text).problem.empty());
    }
    for (const char* text : refused_by_us_only) {
        INFO(text);
        CHECK_FALSE(parse_time_span(text).problem.empty());
    }
    CHECK(parse_time_span("5x").problem ==
          "\"5x\" has an unknown unit 'x' (known units: us, ms, s, min, h, d, w)");
    CHECK(parse_time_span("300y").problem == "\"300y\" is too long a time span");
}

TEST_CASE("time_span: the largest value fits, one microsecond more does not", "[time_span]") {
    CHECK(parse_time_span("9223372036854775us").value.count() == 9'223'372'036'854'775'000);
    CHECK_FALSE(parse_time_span("9223372036854776us").problem.empty());
    CHECK(parse_time_span("9223372036854774us 1us").problem.empty());
    CHECK_FALSE(parse_time_span("9223372036854775us 1us").problem.empty());
    CHECK_FALSE(parse_time_span("9223372036854775us 1us 1us").problem.empty());
    CHECK_FALSE(parse_time_span("18446744073709551615us").problem.empty());
    CHECK_FALSE(parse_time_span("18446744073709551616us").problem.empty());
}

TEST_CASE("time_span: agrees with systemd-analyze timespan", "[time_span]") {
    if (ask_systemd("1s") != 1'000'000) {
        return loopmon::test::skip("systemd-analyze timespan is missing");
    }
    for (const example& e : valid) {
        INFO(e.text);
        CHECK(ask_systemd(e.text) == e.value.count() / 1000);
    }
    for (const char* text : invalid) {
        INFO(text);
        CHECK_FALSE(ask_systemd(text).has_value());
    }
}

TEST_CASE("time_span: formats short and reads back what it wrote", "[time_span]") {
    CHECK(format_time_span(0ns) == "0s");
    CHECK(format_time_span(999ns) == "0s");
    CHECK(format_time_span(250ms) == "250ms");
    CHECK(format_time_span(90s) == "1min 30s");
    CHECK(format_time_span(24h) == "1d");
    CHECK(format_time_span(25h + 1us) == "1d 1h 1us");
    for (const example& e : valid) {
        INFO(e.text);
        CHECK(parse_time_span(format_time_span(e.value)).value.count() == e.value.count());
    }
    CHECK(parse_time_span(format_time_span(nanoseconds::max())).problem.empty());
}
