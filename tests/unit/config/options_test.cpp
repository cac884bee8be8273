// SPDX-License-Identifier: MIT
#include "options.hpp"

#include "exit_code.hpp"
#include "support/catch.hpp"

#include <sstream>

using loopmond::early_exit;
using loopmond::options;
using loopmond::parse_options;
using strings = std::vector<std::string>;

namespace {

auto parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "loopmond");
    return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

options accepted(const std::vector<const char*>& arguments) {
    auto answer = parse(arguments);
    if (const auto* exit = std::get_if<early_exit>(&answer)) {
        FAIL(exit->text);
    }
    return std::get<options>(answer);
}

early_exit refused(const std::vector<const char*>& arguments) {
    auto answer = parse(arguments);
    REQUIRE(std::holds_alternative<early_exit>(answer));
    return std::get<early_exit>(answer);
}

} // namespace

TEST_CASE("options: none are needed", "[options]") {
    const options o = accepted({});
    CHECK_FALSE(o.config_file);
    CHECK_FALSE(o.bus_address);
    CHECK(o.settings.empty());
    CHECK(o.log_level == 6);
    CHECK_FALSE(o.check_config);
    CHECK_FALSE(o.print_config);
}

TEST_CASE("options: all of them, with a space or an equals sign", "[options]") {
    const options o = accepted({"--config", "/a.toml", "--set", "lag.warn=50ms", "--check-config",
                                "--set=bus.address=unix:path=/x", "--bus", "none",
                                "--log-level=debug", "--print-config"});
    CHECK(o.config_file == "/a.toml");
    CHECK(o.settings == strings{"lag.warn=50ms", "bus.address=unix:path=/x"});
    CHECK(o.check_config);
    CHECK(o.bus_address == "none");
    CHECK(o.log_level == 7);
    CHECK(o.print_config);
}

TEST_CASE("options: a value of --set arrives as it was written", "[options]") {
    const strings settings = {"a=[1, 2]", "b={x=1}", "c=\"quoted\"", "d=", "e=1 2", "f=a,b"};
    std::vector<const char*> arguments;
    for (const std::string& setting : settings) {
        arguments.push_back("--set");
        arguments.push_back(setting.c_str());
    }
    CHECK(accepted(arguments).settings == settings);
}

TEST_CASE("options: every syslog level has its name and priority", "[options]") {
    const std::vector<const char*> levels = {"emerg",   "alert",  "crit", "err",
                                             "warning", "notice", "info", "debug"};
    for (std::size_t priority = 0; priority < levels.size(); ++priority) {
        CHECK(accepted({"--log-level", levels[priority]}).log_level == static_cast<int>(priority));
    }
}

TEST_CASE("options: wrong use exits 2 and says what was wrong", "[options]") {
    const struct {
        std::vector<const char*> arguments;
        const char* culprit;
    } wrong[] = {
        {{"--foo"}, "--foo"},
        {{"stray"}, "stray"},
        {{"--set", "a=1", "stray"}, "stray"},
        {{"--config"}, "--config"},
        {{"--config", "a", "--config", "b"}, "--config"},
        {{"--bus", "none", "--bus", "none"}, "--bus"},
        {{"--set"}, "--set"},
        {{"--set", "lag.warn"}, "lag.warn"},
        {{"--set", "=1"}, "=1"},
        {{"--log-level", "loud"}, "loud"},
        {{"--log-level", "7"}, "7"},
        {{"--check-config=maybe"}, "check-config"},
        {{"--conf", "a"}, "--conf"},
    };
    for (const auto& w : wrong) {
        INFO(w.culprit);
        const early_exit exit = refused(w.arguments);
        CHECK(exit.code == loopmond::exit_usage);
        CHECK_THAT(exit.text, Catch::ContainsSubstring(w.culprit));
        CHECK(exit.text.starts_with("loopmond: "));
        CHECK(exit.text.back() == '\n');
    }
}

TEST_CASE("options: help and version exit 0", "[options]") {
    const early_exit help = refused({"--help"});
    CHECK(help.code == loopmond::exit_ok);
    for (const char* word :
         {"--config FILE", "--set KEY=VALUE", "--check-config", "--print-config", "--bus ADDRESS",
          "--log-level LEVEL", "--version", "--help", "/etc/loopmond/loopmond.toml",
          "loopmond.toml.d", "Exit status", "6"}) {
        CHECK_THAT(help.text, Catch::ContainsSubstring(word));
    }
    std::istringstream lines(help.text);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.size() <= 80);
    }
    const early_exit version = refused({"--version"});
    CHECK(version.code == loopmond::exit_ok);
    CHECK(version.text.starts_with("loopmond "));
    CHECK(version.text.find_first_of("0123456789") != std::string::npos);
}
