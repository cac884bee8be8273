// SPDX-License-Identifier: MIT
//
// The list of events in packaging/man/loopmond.8 is made from the events. After a change:
//
//   LOOPMON_WRITE_DOCUMENTS=1 build/dev/tests/model_test 'event_list:*'
#include "model/event.hpp"

#include "support/catch.hpp"
#include "support/documents.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

template <class... Events>
std::vector<std::string> names_of(const std::variant<Events...>*) {
    return {std::string(Events::info.name)...};
}

/// Alternating words in italics and in roman.
std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t width = 95;
    std::string text;
    std::string line = ".IR";
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool last = i + 1 == names.size();
        line += ' ' + names[i];
        const bool full = !last && line.size() + 5 + names[i + 1].size() > width;
        line += last ? " .\n" : full ? " ,\n" : " \", \"";
        if (last || full) {
            text += std::exchange(line, ".IR");
        }
    }
    return text;
}

} // namespace

TEST_CASE("event_list: the manual lists all events", "[model]") {
    const std::filesystem::path path = LOOPMON_SOURCE_DIR "/packaging/man/loopmond.8";
    const std::string before = ".BR LOOPMON_EVENT :\n";
    auto page = loopmon::test::read_document(path);
    const auto found = page.find(before);
    REQUIRE(found != page.npos);
    const auto begin = found + before.size();
    const auto end = page.find(".PP\n", begin);
    REQUIRE(end != page.npos);
    const loopmon::model::event* all = nullptr;
    loopmon::test::check_document(path, page.replace(begin, end - begin, listed(names_of(all))),
                                  "lib/src/model/event.hpp", "model_test 'event_list:*'");
}
