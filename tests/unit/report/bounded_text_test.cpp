// SPDX-License-Identifier: MIT
#include "model/bounds.hpp"

#include "report/message.hpp"

#include "support/catch.hpp"

using loopmon::model::culprit;
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

TEST_CASE("bounded_text: an invalid character becomes a question mark", "[report]") {
    CHECK(bounded_text(std::string("a\0b", 3), 16) == "a?b");
    CHECK(bounded_text("\xff", 16) == "?");
    CHECK(bounded_text("a\xc3", 16) == "a?");                          // cut short
    CHECK(bounded_text("\xc0\xaf", 16) == "??");                       // overlong
    CHECK(bounded_text("\xe0\x9f\xbf", 16) == "???");                  // overlong
    CHECK(bounded_text("\xed\xa0\x80", 16) == "???");                  // a surrogate
    CHECK(bounded_text("\xed\x9f\xbf", 16) == "\xed\x9f\xbf");         // the one before them
    CHECK(bounded_text("\xf4\x8f\xbf\xbd", 16) == "\xf4\x8f\xbf\xbd"); // U+10FFFD
    CHECK(bounded_text("\xf4\x90\x80\x80", 16) == "????");             // over U+10FFFF
}

TEST_CASE("bounded_text: a character that may not leave becomes a question mark", "[report]") {
    CHECK(bounded_text("a\nb\tc\x7f", 16) == "a?b?c?");
    CHECK(bounded_text("\u0080\u009b31m\u009f\u00a0", 16) == "??31m?\u00a0"); // C1 controls
    CHECK(bounded_text("\u202eexe.\u2066\u200f\u061c", 16) == "?exe.???");    // right to left
    CHECK(bounded_text("\u2028\u2029", 16) == "??");                          // ends of lines
    // Noncharacters: sd-bus refuses a message with one.
    CHECK(bounded_text("\ufdcf\ufdd0\ufdef\ufdf0", 16) == "\ufdcf??\ufdf0");
    CHECK(bounded_text("\ufffd\ufffe\uffff", 16) == "\ufffd??");
    CHECK(bounded_text("\U0001fffe\U0010ffff", 16) == "??");
}

TEST_CASE("bounded_text: of a text that is far too long only the ends are looked at", "[report]") {
    const auto huge = "begin" + std::string(40'000'000, 'x') + "end";
    CHECK(bounded_text(huge, 16) == "beginxx...xxxend");
    CHECK(bounded_paragraph(huge, 16) == "beginxxxxxxxx...");
    // Where it is cut first, a character may be in parts: that place is not in the result.
    for (std::size_t shift = 0; shift < 4; ++shift) {
        std::string emoji(shift, 'a');
        for (int i = 0; i < 1000; ++i) {
            emoji += "😀";
        }
        CHECK(bounded_text(emoji, 32).find('?') == std::string::npos);
        CHECK(bounded_paragraph(emoji, 32).find('?') == std::string::npos);
    }
}

TEST_CASE("bounded_paragraph: keeps its lines, and the beginning", "[report]") {
    CHECK(bounded_paragraph("one\ntwo\r\t\xff", 32) == "one\ntwo???");
    CHECK(bounded_paragraph("0123456789abcdef", 16) == "0123456789abcdef");
    CHECK(bounded_paragraph("0123456789abcdefX", 16) == "0123456789abc...");
    CHECK(bounded_paragraph("0123456789ab€def", 16) == "0123456789ab...");
    CHECK(loopmon::base::sendable_text("a\n\ufffe") == "a\n?");
}

TEST_CASE("bounded: every part of a journal record", "[report]") {
    const std::string huge(1'000'000, 'x');
    const auto entry =
        bounded(record{.text = huge + '\n', .fields = {{"F", huge}}, .details = huge});
    CHECK(entry.text.size() == max_entry);
    CHECK(entry.details.size() == max_entry);
    CHECK(entry.fields[0].second.size() == max_entry);
    // And events go through it, whatever is in them.
    CHECK(render(loopmon::model::probe_failed{"p", huge}).text.size() <= max_entry);
    CHECK(render(loopmon::model::previous_trip{huge, {}}).text.size() <= max_entry);
    CHECK(render(loopmon::model::bus_lost{"\u009b2J"}).text.find("\u009b") == std::string::npos);
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
        CHECK(name->size() == max_name);
    }
    CHECK(who.pending == 3);
    const auto lines = bounded_lines(std::vector(200, huge));
    CHECK(lines.size() == max_frames);
    CHECK(lines.back().size() == max_frame);
}
