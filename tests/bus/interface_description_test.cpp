// SPDX-License-Identifier: MIT
// packaging/dbus says of each property what the table of fields says: name, type, how it changes,
// and what it means.
#include "bus/bus_object.hpp"

#include "support/catch.hpp"

#include <fstream>
#include <sstream>
#include <string>

using namespace loopmon::bus;
using namespace loopmon::model;

namespace {

/// White space does not count in an XML file that is laid out for people.
std::string words_of(const std::string& text) {
    std::istringstream in(text);
    std::string all;
    for (std::string word; in >> word;) {
        (all += word) += ' ';
    }
    return all;
}

std::string description(const std::string& interface) {
    std::ifstream file(LOOPMON_SOURCE_DIR "/packaging/dbus/" + interface + ".xml");
    std::ostringstream text;
    text << file.rdbuf();
    return words_of(text.str());
}

std::string annotation(changes how) {
    if (how == changes::signalled) {
        return "/> ";
    }
    return std::string("> <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" "
                       "value=\"") +
           (how == changes::never ? "const" : "false") + "\"/> </property> ";
}

template <class Fields>
void check(const Fields& fields, const std::string& interface) {
    const auto described = description(interface);
    REQUIRE_FALSE(described.empty());
    for_each(fields, [&]<class Field>(const Field& row) {
        const auto wanted = words_of(std::string("<!-- ") + row.name + ": " + row.help + " -->") +
                            "<property name=\"" + row.name + "\" type=\"" +
                            signature_of<typename Field::value>() + "\" access=\"read\"" +
                            annotation(row.how);
        INFO("wanted in " << interface << ".xml: " << wanted);
        CHECK(described.find(wanted) != std::string::npos);
    });
}

} // namespace

TEST_CASE("interface_description: of the manager is that of its table", "[bus]") {
    check(manager_fields, manager_interface);
}

TEST_CASE("interface_description: of a loop is that of its tables", "[bus]") {
    check(loop_fields, loop_interface);
    check(window_fields, loop_interface);
}

TEST_CASE("interface_description: of a probe is that of its table", "[bus]") {
    check(probe_fields, probe_interface);
}
