// SPDX-License-Identifier: MIT
//
// The properties in packaging/dbus are made from the rows of model/status.hpp: all between
// "<!-- properties -->" and the empty line or the end of the interface that follows. What is before
// and behind, methods and signals included, is written by hand, and compared with the daemon's own
// description by the end-to-end tests. After a change of a row:
//
//   LOOPMON_WRITE_DOCUMENTS=1 build/dev/tests/report_bus_test 'interface_description:*'
#include "bus/bus_object.hpp"

#include "support/catch.hpp"
#include "support/documents.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

using namespace loopmon::bus;
using namespace loopmon::model;

namespace {

const std::string begin_of_rows = "    <!-- properties -->\n";

std::string annotation(changes how) {
    if (how == changes::signalled) {
        return "/>\n";
    }
    return std::string(">\n      <annotation "
                       "name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"") +
           (how == changes::never ? "const" : "false") + "\"/>\n    </property>\n";
}

/// The end of the comment stays with its last word.
std::string comment(const std::string& text) {
    auto lines = loopmon::test::wrapped("<!-- " + text + "~-->", "    ", "         ");
    lines.replace(lines.rfind('~'), 1, " ");
    return lines;
}

template <class Fields>
std::string described(const Fields& fields) {
    std::string text;
    for_each(fields, [&]<class Field>(const Field& row) {
        text += comment(std::string(row.name) + ": " + row.help) + "    <property name=\"" +
                row.name + "\" type=\"" + signature_of<typename Field::value>() +
                "\" access=\"read\"" + annotation(row.how);
    });
    return text;
}

/// @param rows all of them, described
void check(const std::string& interface, const std::string& rows) {
    const std::filesystem::path path = LOOPMON_SOURCE_DIR "/packaging/dbus/" + interface + ".xml";
    auto file = loopmon::test::read_document(path);
    const auto found = file.find(begin_of_rows);
    REQUIRE(found != file.npos);
    const auto begin = found + begin_of_rows.size();
    const auto end = std::min(file.find("\n\n", begin), file.find("\n  </interface>", begin));
    REQUIRE(end != file.npos);
    loopmon::test::check_document(path, file.replace(begin, end + 1 - begin, rows),
                                  "lib/src/model/status.hpp",
                                  "report_bus_test 'interface_description:*'");
}

} // namespace

TEST_CASE("interface_description: of the manager is that of its rows", "[bus]") {
    check(manager_interface, described(manager_fields));
}

TEST_CASE("interface_description: of a loop is that of its rows", "[bus]") {
    check(loop_interface, described(loop_fields) + described(window_fields));
}

TEST_CASE("interface_description: of a probe is that of its rows", "[bus]") {
    check(probe_interface, described(probe_fields));
}
