// SPDX-License-Identifier: MIT
//
// The limits of every key, one step either side. Without the rules between keys: those would get in
// the way, and are tested in check_test.cpp.
#include "config/draft.hpp"
#include "config/keys.hpp"

#include "support/catch.hpp"

#include <set>

using loopmond::config;
using loopmond::draft;
using loopmond::problems;

namespace {

/// What applying one text alone finds wrong.
problems problems_of(const std::string& text) {
    draft made;
    problems found;
    const auto document = loopmond::parse_toml(text, 0);
    REQUIRE_FALSE(document.syntax_error);
    apply(document.root, made, found);
    return found;
}

struct limits {
    const char* key;
    const char* under; ///< nullptr: there is nothing under the least
    const char* min;
    const char* max;
    const char* over;
};

constexpr limits global_limits[] = {
    {"loop.interval", "'999us'", "'1ms'", "'1min'", "'60000001us'"},
    {"loop.threads", "0", "1", "64", "65"},
    {"lag.warn", "'999us'", "'1ms'", "'1d'", "'86400000001us'"},
    {"lag.critical", "'999us'", "'1ms'", "'1d'", "'86400000001us'"},
    {"lag.clear_after", "'999us'", "'1ms'", "'1d'", "'86400000001us'"},
    {"lag.grace", nullptr, "'0'", "'1d'", "'86400000001us'"},
    {"lag.window", "'999999us'", "'1s'", "'5min'", "'300000001us'"},
    {"tasks.max", "-1", "0", "1000000000", "1000000001"},
    {"tasks.leak_windows", "1", "2", "1000", "1001"},
    {"tasks.leak_window", "'999999us'", "'1s'", "'24h'", "'86400000001us'"},
    {"tasks.leak_min", "0", "1", "1000000000", "1000000001"},
    {"watchdog.action", nullptr, "'trigger'", "'off'", "'on'"},
    {"watchdog.lag", "'999us'", "'1ms'", "'1d'", "'86400000001us'"},
    {"watchdog.trip_on", nullptr, "[]", "['cpu', 'blocked', 'io', 'congestion', 'starved']",
     "['cpu', 'paused']"},
    {"report.stacks", nullptr, "false", "true", "1"},
    {"report.alerts_per_minute", "0", "1", "6000", "6001"},
    {"bus.address", "''", "'none'", "'unix:path=/x'", "'/x'"},
    {"debug.injection", nullptr, "false", "true", "1"},
};

constexpr limits probe_limits[] = {
    {"interval", "'99999us'", "'100ms'", "'1d'", "'86400000001us'"},
    {"timeout", "'999us'", "'1ms'", "'1h'", "'3600000001us'"},
    {"slow", "'999us'", "'1ms'", "'1h'", "'3600000001us'"},
};

std::string with_key(const std::string& key, const std::string& value) {
    return key + " = " + value + '\n';
}

std::string probe_with(const std::string& line) {
    return "[[service]]\ntype='probe'\nname='n'\ntarget='dbus:a.b'\n" + line;
}

/// A probe that is right but for `key`, which has this value.
problems problems_of_probe(const std::string& key, const std::string& value) {
    std::string text = "[[service]]\ntype='probe'\n";
    for (const std::string other : {"name='n'\n", "target='dbus:a.b'\n"}) {
        if (!other.starts_with(key)) {
            text += other;
        }
    }
    return problems_of(text + key + " = \"" + value + "\"\n");
}

} // namespace

TEST_CASE("keys: values are accepted up to both limits and refused one step beyond", "[keys]") {
    for (const limits& l : global_limits) {
        INFO(l.key);
        CHECK(problems_of(with_key(l.key, l.min)).empty());
        CHECK(problems_of(with_key(l.key, l.max)).empty());
        CHECK(problems_of(with_key(l.key, l.over)).size() == 1);
        if (l.under != nullptr) {
            CHECK(problems_of(with_key(l.key, l.under)).size() == 1);
        }
    }
    for (const limits& l : probe_limits) {
        INFO(l.key);
        CHECK(problems_of(probe_with(with_key(l.key, l.min))).empty());
        CHECK(problems_of(probe_with(with_key(l.key, l.max))).empty());
        CHECK(problems_of(probe_with(with_key(l.key, l.over))).size() == 1);
        CHECK(problems_of(probe_with(with_key(l.key, l.under))).size() == 1);
    }
}

TEST_CASE("keys: the table above misses none", "[keys]") {
    std::set<std::string_view> tested;
    for (const limits& l : global_limits) {
        tested.insert(l.key);
    }
    std::set<std::string_view> listed;
    const config defaults;
    loopmond::visit_settings(
        defaults, [&](std::string_view key, const auto&, const auto&) { listed.insert(key); });
    CHECK(tested == listed);
}

TEST_CASE("keys: a list with a mistake in it is refused as a whole", "[keys]") {
    draft made;
    problems found;
    apply(loopmond::parse_toml("watchdog.trip_on = ['starved']", 0).root, made, found);
    REQUIRE(found.empty());
    apply(loopmond::parse_toml("watchdog.trip_on = ['cpu', 'cpus', 'ios']", 1).root, made, found);
    CHECK(found.size() == 2);
    CHECK(made.value.monitor.watchdog.trip_on == std::vector{loopmon::trip_cause::starved});
}

TEST_CASE("keys: service names are 1 to 64 printable ASCII characters", "[keys]") {
    CHECK(problems_of_probe("name", std::string(64, 'x')).empty());
    CHECK(problems_of_probe("name", std::string(65, 'x')).size() == 1);
    CHECK(problems_of_probe("name", " ~").empty());
    CHECK(problems_of_probe("name", "").size() == 1);
    CHECK(problems_of_probe("name", "\\u001f").size() == 1);
    CHECK(problems_of_probe("name", "\\u007f").size() == 1);
    CHECK(problems_of_probe("name", "\\u00e4").size() == 1);
    CHECK(problems_of_probe("name", "a\\u0000b").size() == 1);
}

TEST_CASE("keys: a target is dbus: and a valid well-known bus name", "[keys]") {
    const std::string longest = "a." + std::string(253, 'x'); // 255 bytes
    for (const std::string& name : {std::string("org.freedesktop.DBus"), std::string("a.b"),
                                    std::string("_a.-b.C_1-2"), longest}) {
        INFO(name);
        CHECK(problems_of_probe("target", "dbus:" + name).empty());
    }
    for (const std::string& name :
         {std::string(), std::string("org"), std::string(".org"), std::string("org."),
          std::string("a..b"), std::string("a.1b"), std::string("1a.b"), std::string(":1.5"),
          std::string("a.b c"), std::string("a/b.c"), std::string("a.\\u00e4"), longest + 'x'}) {
        INFO(name);
        CHECK(problems_of_probe("target", "dbus:" + name).size() == 1);
    }
    CHECK(problems_of_probe("target", "a.b").size() == 1);
    CHECK(problems_of_probe("target", "DBus:a.b").size() == 1);
}

TEST_CASE("keys: a bus address has a transport and no control characters", "[keys]") {
    const auto with = [](const std::string& a) { return with_key("bus.address", '"' + a + '"'); };
    CHECK(problems_of(with("system")).empty());
    CHECK(problems_of(with("session")).empty());
    CHECK(problems_of(with("unix:path=/a;tcp:host=b,port=1")).empty());
    CHECK(problems_of(with(":x")).size() == 1);
    CHECK(problems_of(with("unix:\\n")).size() == 1);
    CHECK(problems_of(with("System")).size() == 1);
}
