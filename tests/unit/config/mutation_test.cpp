// SPDX-License-Identifier: MIT
//
// Files as they come out of a bad editing session: seeded mutations of valid files never crash the
// loader, and never pass with a value that no rule allows.
#include "config/keys.hpp"
#include "config/load.hpp"

#include "config_dir.hpp"
#include "support/catch.hpp"
#include "test_data.hpp"

#include <random>

using loopmond_test::config_dir;

namespace {

using generator = std::mt19937;

std::size_t below(std::size_t limit, generator& random) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

// What breaks parsers and limits: structure, numbers, units, bytes that are not text.
const std::vector<std::string> fragments = {
    "\"",      "'",      "[",  "]",  "{",   "}",   "=",   "#",           "\n",   ".",
    ",",       "-",      "0",  "9",  "1e9", "nan", "inf", "0x",          "true", "\xff",
    "\\u0000", "\"\"\"", "[[", "]]", "us",  "ms",  "min", "99999999999", "-1",   "'0'"};

std::string copied(const std::string& text, generator& random) {
    const std::size_t from = below(text.size() + 1, random);
    return text.substr(from, below(40, random));
}

std::string mutated(std::string text, generator& random) {
    const std::size_t times = 1 + below(4, random);
    for (std::size_t i = 0; i < times; ++i) {
        const std::size_t at = below(text.size() + 1, random);
        switch (below(4, random)) {
        case 0:
            text.erase(at, below(8, random));
            break;
        case 1:
            text.insert(at, fragments[below(fragments.size(), random)]);
            break;
        case 2: // a line twice, or moved
            text.insert(at, copied(text, random));
            break;
        default:
            if (at < text.size()) {
                text[at] = static_cast<char>(below(256, random));
            }
        }
    }
    return text;
}

struct in_range {
    template <class Rep, class Period>
    void operator()(std::string_view key, const std::chrono::duration<Rep, Period>& value,
                    const loopmond::duration_range& rule) const {
        INFO(key);
        CHECK(value >= rule.min);
        CHECK(value <= rule.max);
    }
    void operator()(std::string_view key, std::uint64_t value,
                    const loopmond::count_range& rule) const {
        INFO(key);
        CHECK(value >= rule.min);
        CHECK(value <= rule.max);
    }
    void operator()(std::string_view key, const std::string& value,
                    const loopmond::text_rule& rule) const {
        INFO(key);
        CHECK(rule.problem(value).empty());
    }
    template <class T, class Rule>
    void operator()(std::string_view, const T&, const Rule&) const {} // cannot be out of range
};

void check_valid(const loopmond::config& c) {
    loopmond::visit_settings(c, in_range{});
    CHECK(c.watch.warn < c.watch.critical);
    CHECK(c.watch.interval <= c.watch.window);
    if (c.monitor.watchdog.action != loopmon::watchdog_action::off) {
        CHECK(c.watch.critical <= c.monitor.watchdog.lag);
    }
    for (const auto& p : c.probes) {
        loopmond::visit_probe_settings(p, in_range{});
        CHECK("dbus:" + p.bus_name == p.target);
        CHECK(p.timeout <= p.interval);
        CHECK(p.slow < p.timeout);
    }
}

} // namespace

TEST_CASE("load_config: no mutation of a valid file crashes it or slips a bad value through",
          "[load_config]") {
    std::vector<std::string> seeds;
    for (const std::string& path : loopmond_test::files_in("valid")) {
        seeds.push_back(loopmond_test::read_text(path));
    }
    seeds.push_back(
        loopmond_test::read_text(loopmond_test::source_directory / "packaging/loopmond.toml"));

    const config_dir dir;
    int accepted = 0;
    int refused = 0;
    for (unsigned seed = 0; seed < 1000; ++seed) {
        generator random(seed);
        const std::string text = mutated(seeds[seed % seeds.size()], random);
        INFO("seed " << seed << ":\n" << text);
        const auto loaded = dir.load(text);
        ++(loaded.errors.empty() ? accepted : refused);
        if (loaded.errors.empty()) {
            check_valid(loaded.value);
        }
        for (const std::string& error : loaded.errors) {
            CHECK(error.find(": error: ") != std::string::npos);
            CHECK(error.find('\n') == std::string::npos);
        }
    }
    // Or the mutations are too tame, or too wild, to prove anything.
    CHECK(accepted > 50);
    CHECK(refused > 50);
}
