// SPDX-License-Identifier: MIT
#include "config_dir.hpp"

#include "support/catch.hpp"

using loopmond_test::config_dir;
using strings = std::vector<std::string>;

namespace {

/// The errors of one text, without the file name.
strings errors_of(const std::string& text) {
    const config_dir dir;
    strings errors = dir.load(text).errors;
    const std::string prefix = dir.path("it.toml").string() + ':';
    for (std::string& error : errors) {
        if (error.starts_with(prefix)) {
            error.erase(0, prefix.size());
        }
    }
    return errors;
}

std::string probe(const std::string& rest) {
    return "[[service]]\ntype='probe'\nname='n'\ntarget='dbus:a.b'\n" + rest;
}

} // namespace

TEST_CASE("check: the built-in defaults agree with each other", "[check]") {
    CHECK(errors_of("").empty());
    CHECK(errors_of(probe("")).empty());
}

TEST_CASE("check: warn is shorter than critical, by 1 us at least", "[check]") {
    CHECK(errors_of("lag.warn='999999us'").empty());
    CHECK(errors_of("lag.warn='1s'") ==
          strings{"1:10: error: key 'lag.warn': 1s must be shorter than 'lag.critical' (1s by "
                  "default)"});
    CHECK(errors_of("lag.critical='100001us'").empty());
    CHECK(errors_of("lag.critical='100ms'") ==
          strings{"1:14: error: key 'lag.critical': 100ms must be longer than 'lag.warn' (100ms by "
                  "default)"});
}

TEST_CASE("check: the later of two keys that disagree is the one to blame", "[check]") {
    CHECK(errors_of("lag.warn='2s'\nlag.critical='2s'") ==
          strings{"2:14: error: key 'lag.critical': 2s must be longer than 'lag.warn' (2s)"});
    CHECK(errors_of("lag.critical='2s'\nlag.warn='2s'") ==
          strings{"2:10: error: key 'lag.warn': 2s must be shorter than 'lag.critical' (2s)"});
}

TEST_CASE("check: the watchdog does not trip before the lag is critical", "[check]") {
    CHECK(errors_of("watchdog.lag='1s'").empty());
    CHECK(errors_of("watchdog.lag='999999us'").size() == 1);
    CHECK(errors_of("lag.critical='5s'").empty());
    CHECK(errors_of("lag.critical='5000001us'") ==
          strings{"1:14: error: key 'lag.critical': 5s 1us must not be longer than 'watchdog.lag' "
                  "(5s by default)"});
    CHECK(errors_of("lag.critical='10s'\nwatchdog.action='off'").empty());
    CHECK(errors_of("lag.critical='10s'\nwatchdog.action='withhold'").size() == 1);
}

TEST_CASE("check: a window holds at least one sample", "[check]") {
    CHECK(errors_of("loop.interval='1s'\nlag.window='1s'").empty());
    CHECK(errors_of("loop.interval='1s 1us'\nlag.window='1s'").size() == 1);
}

TEST_CASE("check: a probe's timeout ends before its next question", "[check]") {
    CHECK(errors_of(probe("timeout='5s'")).empty());
    CHECK(errors_of(probe("timeout='5000001us'")).size() == 1);
    CHECK(errors_of(probe("interval='2s'")).empty());
    CHECK(errors_of(probe("interval='1999999us'")) ==
          strings{"5:10: error: key 'service.interval': 1s 999ms 999us must not be shorter than "
                  "'service.timeout' (2s by default)"});
}

TEST_CASE("check: a probe's answer can be slow before it fails", "[check]") {
    CHECK(errors_of(probe("slow='1999999us'")).empty());
    CHECK(errors_of(probe("slow='2s'")).size() == 1);
    CHECK(errors_of(probe("timeout='250001us'")).empty());
    CHECK(errors_of(probe("timeout='250ms'")).size() == 1);
}

TEST_CASE("check: a refused value gives one error, not a second one about its substitute",
          "[check]") {
    CHECK(errors_of("lag.warn='2s'\nlag.critical='3x'").size() == 1);
    CHECK(errors_of("lag.critical='10s'\nwatchdog.action='of'").size() == 1);
    CHECK(errors_of(probe("interval='1s'\ntimeout=1")).size() == 1);
}
