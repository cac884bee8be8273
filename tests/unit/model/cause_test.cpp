// SPDX-License-Identifier: MIT
//
// The table of causes, and the documents that explain each of them to users.
#include <loopmon/limits.hpp>

#if defined(BOOST_CONFIG_HPP) || defined(BOOST_VERSION)
#error "causes and limits are for programs without Boost, too"
#endif

#include "model/level.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

using namespace loopmon;

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(LOOPMON_SOURCE_DIR "/" + path);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const auto from = text.find(begin);
    REQUIRE(from != text.npos);
    return text.substr(from, text.find(end, from + begin.size()) - from);
}

/// Of the last column of README's table.
std::string readme_says(cause_trips trips) {
    switch (trips) {
    case cause_trips::always:
    case cause_trips::by_default:
        return "yes";
    case cause_trips::if_listed:
        return "if listed in `watchdog.trip_on`";
    case cause_trips::never:
        break;
    }
    return "no";
}

/// The lines of a text that begin so.
std::vector<std::string> lines_with(const std::string& text, const std::string& start) {
    std::vector<std::string> found;
    for (auto at = text.find('\n' + start); at != text.npos; at = text.find('\n' + start, at + 1)) {
        found.push_back(text.substr(at + 1, text.find('\n', at + 1) - at - 1));
    }
    return found;
}

} // namespace

TEST_CASE("cause: each has one row, in the order of their values, and a word of its own",
          "[model]") {
    std::set<std::string_view> words;
    for (std::size_t n = 0; n < causes.size(); ++n) {
        const auto& row = causes[n];
        INFO(row.word);
        CHECK(static_cast<std::size_t>(row.value) == n);
        CHECK(&info_of(row.value) == &row);
        CHECK(words.insert(row.word).second);
        CHECK(std::all_of(row.word.begin(), row.word.end(),
                          [](unsigned char c) { return std::islower(c) != 0; }));
        CHECK_FALSE(row.meaning.empty());
    }
    CHECK(to_string(cause::none).empty());
    CHECK(to_string(static_cast<cause>(causes.size())) == "unknown");
}

TEST_CASE("cause: missing evidence exempts nothing, and a stopped process is never ended",
          "[model]") {
    CHECK(info_of(cause::unknown).trips == cause_trips::always);
    CHECK(info_of(cause::paused).trips == cause_trips::never);
    CHECK(info_of(cause::traced).trips == cause_trips::never);
    CHECK(default_trip_causes() ==
          std::vector{cause::cpu, cause::blocked, cause::io, cause::congestion});
}

TEST_CASE("cause: README explains each, and says whether it trips", "[model]") {
    const auto readme = text_of("README.md");
    for (const auto& row : causes) {
        if (row.value == cause::none) {
            continue;
        }
        INFO(row.word);
        const auto lines = lines_with(readme, "| `" + std::string(row.word) + "` |");
        REQUIRE(lines.size() == 1);
        CHECK(lines[0].ends_with("| " + readme_says(row.trips) + " |"));
    }
}

TEST_CASE("cause: the catalog explains each that a stall may have", "[model]") {
    const auto entry = between(text_of("systemd/loopmond.catalog"), "\n# stall\n", "\n# ");
    for (const auto& row : causes) {
        if (!is_evident(row.value) || row.value == cause::paused) { // which is not a stall
            continue;
        }
        INFO(row.word);
        CHECK(lines_with(entry, "  " + std::string(row.word) + ' ').size() == 1);
    }
}
