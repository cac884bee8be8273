// SPDX-License-Identifier: MIT
#include "config/suggest.hpp"

#include "support/catch.hpp"

#include <string>

using loopmond::did_you_mean;
using loopmond::suggest;

TEST_CASE("suggest: one slip of the hand still finds the word", "[suggest]") {
    const std::vector<std::string_view> words = {"warn", "critical", "clear_after", "grace"};
    CHECK(suggest("wran", words) == "warn");  // swapped
    CHECK(suggest("war", words) == "warn");   // missing
    CHECK(suggest("warnn", words) == "warn"); // doubled
    CHECK(suggest("warm", words) == "warn");  // wrong
    CHECK(suggest("critcal", words) == "critical");
    CHECK(suggest("clear-after", words) == "clear_after");
}

TEST_CASE("suggest: a third of the letters may be wrong, not more", "[suggest]") {
    CHECK(suggest("abcdxx", {"abcdef"}) == "abcdef");
    CHECK(suggest("abcxxx", {"abcdef"}).empty());
    CHECK(suggest("", {"abcdef"}).empty());
    CHECK(suggest("abc", {}).empty());
    CHECK(suggest(std::string(1'000'000, 'a'), {"abcdef"}).empty());
}

TEST_CASE("suggest: the closest candidate wins, the first of equals", "[suggest]") {
    CHECK(suggest("leak_windos", {"leak_window", "leak_windows"}) == "leak_window");
    CHECK(suggest("leak_windwos", {"leak_window", "leak_windows"}) == "leak_windows");
}

TEST_CASE("did_you_mean: asks only if there is something to ask about", "[suggest]") {
    CHECK(did_you_mean("warn") == "; did you mean 'warn'?");
    CHECK(did_you_mean("").empty());
}
