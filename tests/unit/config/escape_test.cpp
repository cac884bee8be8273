// SPDX-License-Identifier: MIT
#include "config/escape.hpp"

#include "support/catch.hpp"

#include <string>

using namespace std::string_literals;
using loopmond::printable;
using loopmond::quote_briefly;
using loopmond::quote_toml;

TEST_CASE("escape: text and valid UTF-8 pass, all else is shown as bytes", "[escape]") {
    CHECK(printable("a b~") == "a b~");
    CHECK(printable("\u00b5s \u20ac \U0001f600") == "\u00b5s \u20ac \U0001f600");
    CHECK(printable("a\nb\x7f") == "a\\x0ab\\x7f");
    CHECK(printable("\0"s) == "\\x00");
    CHECK(printable("\xff") == "\\xff");
    CHECK(printable("\xc3") == "\\xc3");                            // cut off
    CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");                   // overlong
    CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");          // overlong
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");          // surrogate
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80"); // above U+10FFFF
    CHECK(printable("\xe2\x82z") == "\\xe2\\x82z");
}

TEST_CASE("escape: a TOML string cannot be broken out of", "[escape]") {
    CHECK(quote_toml("a") == R"("a")");
    CHECK(quote_toml(R"(a"b\)") == R"("a\"b\\")");
    CHECK(quote_toml("a\nb") == R"("a\u000ab")");
}

TEST_CASE("escape: a long text is cut in messages", "[escape]") {
    CHECK(quote_briefly(std::string(60, 'x')) == '"' + std::string(60, 'x') + '"');
    CHECK(quote_briefly(std::string(61, 'x')) == '"' + std::string(60, 'x') + "...\"");
}
