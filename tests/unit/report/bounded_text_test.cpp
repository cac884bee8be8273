// SPDX-License-Identifier: MIT
#include "report/bounded_text.hpp"

#include "support/catch.hpp"

using loopmon::judge::culprit;
using namespace loopmon::report;

TEST_CASE("bounded_text: a text that fits is left alone", "[report]") {
    CHECK(bounded_text("", 16).empty());
    CHECK(bounded_text("0123456789abcdef", 16) == "0123456789abcdef");
    CHECK(bounded_text("Zähler €5 😀", 32) == "Zähler €5 😀");
}

TEST_CASE("bounded_text: one byte more is cut out of the middle", "[report]") {
    CHECK(bounded_text("0123456789abcdefX", 16) == "0123456...bcdefX");
    CHECK(bounded_text(std::string(100'000, 'x'), 240).size() == 240);
}

TEST_CASE("bounded_text: characters are cut whole", "[report]") {
    for (std::size_t most = 16; most < 40; ++most) {
        std::string text;
        for (int i = 0; i < 30; ++i) {
            text += i % 3 == 0 ? "€" : i % 3 == 1 ? "😀" : "ä";
        }
        const auto cut = bounded_text(text, most);
        INFO(most << ' ' << cut);
        CHECK(cut.size() <= most);
        CHECK(cut.size() + 8 >= most);        // two characters less at most
        CHECK(bounded_text(cut, 100) == cut); // still valid
    }
}

TEST_CASE("bounded_text: what is no character becomes a question mark", "[report]") {
    CHECK(bounded_text("a\nb\tc\x7f", 16) == "a?b?c?");
    CHECK(bounded_text(std::string("a\0b", 3), 16) == "a?b");
    CHECK(bounded_text("\xff", 16) == "?");
    CHECK(bounded_text("a\xc3", 16) == "a?");                          // cut short
    CHECK(bounded_text("\xc0\xaf", 16) == "??");                       // overlong
    CHECK(bounded_text("\xe0\x9f\xbf", 16) == "???");                  // overlong
    CHECK(bounded_text("\xed\xa0\x80", 16) == "???");                  // a surrogate
    CHECK(bounded_text("\xed\x9f\xbf", 16) == "\xed\x9f\xbf");         // the one before them
    CHECK(bounded_text("\xf4\x8f\xbf\xbf", 16) == "\xf4\x8f\xbf\xbf"); // U+10FFFF
    CHECK(bounded_text("\xf4\x90\x80\x80", 16) == "????");             // one more
}

TEST_CASE("bounded_text: the names of a culprit and the lines of a stack are bounded", "[report]") {
    const std::string huge(10'000, 'x');
    const auto who = bounded(culprit{.handler = huge,
                                     .task = huge,
                                     .spawned = huge,
                                     .syscall = huge,
                                     .waiting_in = huge,
                                     .machine = huge,
                                     .pending = 3,
                                     .has_pending = true});
    for (const auto* const name :
         {&who.handler, &who.task, &who.spawned, &who.syscall, &who.waiting_in, &who.machine}) {
        CHECK(name->size() == longest_name);
    }
    CHECK(who.pending == 3);
    const auto lines = bounded_lines(std::vector(200, huge));
    CHECK(lines.size() == most_frames);
    CHECK(lines.back().size() == longest_frame);
}
