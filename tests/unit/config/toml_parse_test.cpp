// SPDX-License-Identifier: MIT
//
// Texts that the parser library does not survive by itself: syntax errors like others here.
#include "config/document.hpp"

#include "support/catch.hpp"

#include <string>

using loopmond::location;
using loopmond::parse_toml;

namespace {

struct mistake {
    std::string text;
    unsigned line;
    unsigned column;
};

void check_refused(const mistake& m) {
    INFO(m.text.substr(0, 80));
    const auto document = parse_toml(m.text, 7);
    CHECK(document.root.empty());
    REQUIRE(document.syntax_error);
    CHECK(document.syntax_error->where == location{7, m.line, m.column});
}

} // namespace

TEST_CASE("parse_toml: a character beyond ASCII outside of quotes is refused with its place",
          "[parse_toml]") {
    check_refused({"\n[lag]\nwarn = 250\u00b5s\n", 3, 11});
    check_refused({"\u00e4 = 1", 1, 1});
    check_refused({"a = \u201c1s\u201d", 1, 5});
    check_refused({"'\u00e4' = '\u00e4' \u00e4", 1, 11});
    check_refused({"a = \"\"\"\n\\\u00e4\"\"\"", 2, 2});
    check_refused({"a = \"\"\"\\ \n \u00e4\"\"\"", 2, 2});
    check_refused({"a = ''' \\''' \u00e4", 1, 14}); // no escapes in a literal string
}

TEST_CASE("parse_toml: in quotes and comments every character is welcome", "[parse_toml]") {
    for (const char* text : {
             "\xef\xbb\xbf# \u00e4\na = '\u00e4' # \u00e4",
             "a = \"\\\"\u00e4\" # '\u00e4",
             "a = \"\"\"\u00e4\"\u00e4\"\"\u00e4\\\n \"\"\" # \u00e4",
             "a = '''\u00e4'''''\nb = \"\"\"\u00e4\"\"\"\"\" # \u00e4",
             "a = \"\" # \u00e4\n\"\u00e4\" = [ '\u00e4', # \u00e4\n ]",
         }) {
        INFO(text);
        const auto document = parse_toml(text, 0);
        CHECK_FALSE(document.syntax_error);
        CHECK_FALSE(document.root.empty());
    }
}

TEST_CASE("parse_toml: what the library only asserts is refused, too", "[parse_toml]") {
    check_refused({"[lag]\n[.a]\n", 2, 2});
    check_refused({std::string("[[\0a]]", 6), 1, 3});
    for (const char* text : {"[=]", "[[.", "a = 2026-01-01T", "a = 2026-01-01T\\1", "a.", "a.=1",
                             "a = [ , ]", "a = { , }", "= 1", "a = 1_", "a = 0x", "a = +", "\xc3",
                             "a = \"\\", "a = \"\"\"\\", "a = \"\"\"\\\n", "a = '", "a = '''x"}) {
        INFO(text);
        CHECK(parse_toml(text, 0).syntax_error);
    }
}

TEST_CASE("parse_toml: a line of 4096 bytes is read, a longer one refused", "[parse_toml]") {
    const std::string longest = "a = '" + std::string(4096 - 6, 'x') + "'";
    CHECK_FALSE(parse_toml("\n" + longest + "\n", 0).syntax_error);
    CHECK_FALSE(parse_toml("\n" + longest, 0).syntax_error);
    check_refused({"\n" + longest + " ", 2, 1});

    std::string deep = "a";
    while (deep.size() < 4000) {
        deep += ".a";
    }
    CHECK_FALSE(parse_toml(deep + " = 1", 0).syntax_error);
    check_refused({deep + deep + deep + " = 1", 1, 1});
}
