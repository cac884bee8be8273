// SPDX-License-Identifier: MIT
#include "model/stack_text.hpp"

#include "support/catch.hpp"

#include <new>
#include <string>
#include <vector>

using loopmon::model::stack_text;
using lines = stack_text::lines_type;

TEST_CASE("stack_text: none is empty and stays so", "[judge]") {
    const stack_text none;
    none.complete();
    CHECK(none.empty());
    CHECK(none.lines().empty());
    CHECK(stack_text(lines()).empty());
}

TEST_CASE("stack_text: is brief until somebody completes it, then whole for all", "[judge]") {
    int made = 0;
    const stack_text text({"a+0x1"}, [&made] {
        ++made;
        return lines{"f()", "main"};
    });
    const std::vector<stack_text> kept{text};
    CHECK(kept[0].lines() == lines{"a+0x1"});
    CHECK(made == 0);
    text.complete();
    CHECK(kept[0].lines() == lines{"f()", "main"});
    kept[0].complete();
    CHECK(made == 1);
}

TEST_CASE("stack_text: one that cannot be completed stays brief", "[judge]") {
    const stack_text text({"a+0x1"}, []() -> lines { throw std::bad_alloc(); });
    text.complete();
    text.complete();
    CHECK(text.lines() == lines{"a+0x1"});
}

TEST_CASE("stack_text: clear() lets go of one copy only", "[judge]") {
    stack_text text{"f()", "main"};
    const auto copy = text;
    text.clear();
    CHECK(text.empty());
    CHECK(copy.lines() == lines{"f()", "main"});
}
