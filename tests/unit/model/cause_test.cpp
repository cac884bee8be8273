// SPDX-License-Identifier: MIT
//
// The table of causes, and the documents that explain each of them to users, which are made from
// it. After a change of a row:
//
//   LOOPMON_WRITE_DOCUMENTS=1 build/dev/tests/model_test 'cause:*'
#include <loopmon/limits.hpp>

#if defined(BOOST_CONFIG_HPP) || defined(BOOST_VERSION)
#error "causes and limits are for programs without Boost, too"
#endif

#include "model/level.hpp"

#include "support/catch.hpp"
#include "support/documents.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <vector>

using namespace loopmon;

namespace {

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

/// Replaces what is between two texts in a file of the tree.
void check(const std::string& file, const std::string& begin, const std::string& end,
           const std::string& wanted) {
    const std::string path = LOOPMON_SOURCE_DIR "/" + file;
    auto text = loopmon::test::read_document(path);
    const auto found = text.find(begin);
    REQUIRE(found != text.npos);
    const auto from = found + begin.size();
    const auto to = text.find(end, from);
    REQUIRE(to != text.npos);
    loopmon::test::check_document(path, text.replace(from, to - from, wanted),
                                  "lib/include/loopmon/cause.hpp", "model_test 'cause:*'");
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
        CHECK(row.advice.find(':') == row.advice.npos); // it follows one
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
    const auto line = [](const cause_info& row) {
        return "| `" + std::string(row.word) + "` | " + std::string(row.meaning) + " | " +
               readme_says(row.trips) + " |\n";
    };
    std::string rows;
    for (const auto& row : causes) {
        if (is_evident(row.value)) {
            rows += line(row);
        }
    }
    rows += line(info_of(cause::unknown));
    check("README.md", "| cause | meaning | trips |\n| --- | --- | --- |\n", "\n\n",
          rows.substr(0, rows.size() - 1));
}

TEST_CASE("cause: the catalog explains each that a stall may have", "[model]") {
    constexpr std::size_t width = 79;
    const std::string column(14, ' ');
    std::string lines;
    for (const auto& row : causes) {
        if (!is_evident(row.value) || row.value == cause::paused) { // which is not a stall
            continue;
        }
        auto start = "  " + std::string(row.word);
        start.resize(column.size(), ' ');
        const auto advice = row.advice.empty() ? "" : ": " + std::string(row.advice);
        lines += loopmon::test::wrapped(std::string(row.meaning) + advice, start, column, width);
    }
    check("systemd/loopmond.catalog", "late, unless the message says \"was late\".\n\n", "\n\n",
          lines.substr(0, lines.size() - 1));
}
