// SPDX-License-Identifier: MIT
//
// packaging/loopmond.toml is documentation that users uncomment: it must be right.
#include "config/keys.hpp"
#include "config/load.hpp"

#include "config_dir.hpp"
#include "support/catch.hpp"
#include "test_data.hpp"

#include <algorithm>
#include <sstream>

using loopmond_test::config_dir;
using strings = std::vector<std::string>;

namespace {

const std::vector<std::string> none; // shows the errors if there are some

std::string shipped() {
    return loopmond_test::read_text(loopmond_test::source_directory / "packaging/loopmond.toml");
}

/// With every `#key = value` in effect; comments have a space after the "#".
std::string uncommented() {
    std::istringstream lines(shipped());
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        if (line.size() > 1 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z') {
            line.erase(0, 1);
        }
        text += line + '\n';
    }
    return text;
}

} // namespace

TEST_CASE("shipped configuration: is valid, leaves the defaults alone, probes two names",
          "[shipped]") {
    const config_dir dir;
    const auto loaded = dir.load(shipped());
    CHECK(loaded.errors == none);
    for (const auto& [id, where] : loaded.origins) {
        CHECK_FALSE(id.service.empty()); // nothing is set but in services
    }
    REQUIRE(loaded.value.probes.size() == 2);
    CHECK(loaded.value.probes[0].name == "dbus");
    CHECK(loaded.value.probes[0].bus_name == "org.freedesktop.DBus");
    CHECK(loaded.value.probes[1].name == "systemd");
    CHECK(loaded.value.probes[1].bus_name == "org.freedesktop.systemd1");
}

TEST_CASE("shipped configuration: every key is shown with its default", "[shipped]") {
    const config_dir dir;
    const auto loaded = dir.load(uncommented());
    CHECK(loaded.errors == none);

    std::map<std::string, std::string> defaults;
    const auto as_text = [](const auto& value) {
        std::ostringstream out;
        if constexpr (requires { value.count(); }) {
            out << value.count() << "ns";
        } else if constexpr (std::is_enum_v<std::decay_t<decltype(value)>>) {
            out << static_cast<int>(value);
        } else if constexpr (requires { value.front() == loopmon::trip_cause::cpu; }) {
            for (const auto cause : value) {
                out << static_cast<int>(cause) << ' ';
            }
        } else {
            out << value;
        }
        return out.str();
    };
    const loopmond::config built_in;
    loopmond::visit_settings(built_in, [&](std::string_view key, const auto& value, const auto&) {
        defaults[std::string(key)] = as_text(value);
    });
    loopmond::visit_settings(loaded.value,
                             [&](std::string_view key, const auto& value, const auto&) {
                                 INFO(key);
                                 CHECK(loaded.origins.contains({"", std::string(key)}));
                                 CHECK(as_text(value) == defaults[std::string(key)]);
                             });

    const loopmond::probe_config probe;
    const auto& shown = loaded.value.probes.at(0);
    for (const char* key : {"type", "name", "target", "interval", "timeout", "slow"}) {
        CHECK(loaded.origins.contains({"dbus", key}));
    }
    CHECK(shown.interval == probe.interval);
    CHECK(shown.timeout == probe.timeout);
    CHECK(shown.slow == probe.slow);
}
