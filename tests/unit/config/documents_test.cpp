// SPDX-License-Identifier: MIT
//
// packaging/loopmond.toml and the key sections of packaging/man/loopmond.toml.5 are made from the
// rows of config/keys.hpp. After a change of a row:
//
//   LOOPMON_WRITE_DOCUMENTS=1 build/dev/tests/config_test 'documents:*'
#include "config/keys.hpp"
#include "config/print.hpp"
#include "config/time_span.hpp"

#include "support/catch.hpp"
#include "support/documents.hpp"
#include "test_data.hpp"

#include <map>
#include <sstream>

using namespace loopmond;

namespace {

constexpr const char* head = R"(# SPDX-License-Identifier: MIT
#
# Configuration of loopmond(8). A line that begins with "#" and a key shows the default; remove the
# "#" to change it. Better, leave this file alone and write what differs into a file of your own in
# /etc/loopmond/loopmond.toml.d/, for example 60-site.toml: tables merge, later files win.
#
# Durations are strings in the syntax of systemd.time(7): "250ms", "1min 30s", "1.5h".
#
#   loopmond --check-config     prints every error with its place
#   loopmond --print-config     prints what is in effect, and which file says so
#   systemctl reload loopmond   reads everything again; with an error, nothing changes
)";

constexpr const char* services = "Other daemons that are asked whether they still answer, and how "
                                 "fast. An entry in a later file replaces the whole entry of the "
                                 "same name.";

constexpr const char* second_probe = R"(
[[service]]
type = "probe"
name = "systemd"
target = "dbus:org.freedesktop.systemd1"
)";

std::string in_quotes(std::string_view text) {
    return '"' + std::string(text) + '"';
}

std::string allowed(const duration_range& rule) {
    return in_quotes(format_time_span(rule.min)) + " to " + in_quotes(format_time_span(rule.max)) +
           '.';
}
std::string allowed(const count_range& rule) {
    return std::to_string(rule.min) + " to " + std::to_string(rule.max) + '.';
}
std::string allowed(any_flag) {
    return "true or false.";
}
std::string allowed(const text_rule&) {
    return "";
}
template <std::size_t N>
std::string allowed(const one_of<loopmon::watchdog_action, N>&) {
    std::string text;
    for (const auto& row : loopmon::watchdog_actions) {
        text += (text.empty() ? "" : "; ") + in_quotes(row.word) + ' ' + std::string(row.meaning);
    }
    return text + '.';
}
template <std::size_t N>
std::string allowed(const some_of<loopmon::cause, N>&) {
    std::string text;
    for (const auto& row : loopmon::causes) {
        if (may_be_listed(row)) {
            text += (text.empty() ? "" : ", ") + in_quotes(row.word) + " (" +
                    std::string(row.meaning) + ')';
        }
    }
    return text + '.';
}

/// As --print-config prints it.
std::map<std::string, std::string> defaults() {
    std::ostringstream out;
    print_config({}, out);
    std::istringstream lines(out.str());
    std::map<std::string, std::string> found;
    std::string section;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('[')) {
            section = line.substr(1, line.find(']') - 1) + '.';
        } else if (const auto equals = line.find(" = "); equals != line.npos) {
            const auto end = line.find_last_not_of(' ', line.rfind(" # "));
            found[section + line.substr(0, equals)] = line.substr(equals + 3, end - equals - 2);
        }
    }
    return found;
}

std::string wrapped(const std::string& text, const std::string& start) {
    return loopmon::test::wrapped(text, start, start);
}

/// Names in asterisks.
std::string marked(std::string text, std::string_view begin, std::string_view end) {
    bool inside = false;
    for (auto at = text.find('*'); at != text.npos; at = text.find('*', at)) {
        text.replace(at, 1, inside ? end : begin);
        inside = !inside;
    }
    return text;
}

/// A hyphen that is typed, as in an option.
std::string typed(std::string text) {
    for (auto at = text.find(" -"); at != text.npos; at = text.find(" -", at + 2)) {
        text.insert(at + 1, "\\");
    }
    return text;
}

struct entry {
    std::string section; ///< "[loop]"
    std::string name;
    std::string help;  ///< with what is allowed
    std::string value; ///< as shown; empty: it must be given
};

std::string sentence(const key& of, const std::string& rule) {
    return std::string(of.help) + (rule.empty() ? "" : ' ' + rule);
}

std::vector<entry> entries() {
    std::vector<entry> all;
    const auto values = defaults();
    const config built_in;
    visit_settings(built_in, [&](const key& of, const auto&, const auto& rule) {
        const std::string name(of.name);
        const auto dot = name.find('.');
        all.push_back({'[' + name.substr(0, dot) + ']', name.substr(dot + 1),
                       sentence(of, allowed(rule)), values.at(name)});
    });
    all.push_back({"[[service]]", "type", "\"probe\".", ""});
    const probe_config probe;
    visit_probe_settings(probe, [&](const key& of, const auto& value, const auto& rule) {
        std::string shown;
        if constexpr (requires { format_time_span(value); }) {
            shown = in_quotes(format_time_span(value));
        }
        all.push_back({"[[service]]", std::string(of.name), sentence(of, allowed(rule)), shown});
    });
    return all;
}

std::string shipped_file() {
    const std::map<std::string, std::string> first_probe{
        {"type", "\"probe\""}, {"name", "\"dbus\""}, {"target", "\"dbus:org.freedesktop.DBus\""}};
    std::string text = head;
    std::string section;
    for (const auto& e : entries()) {
        if (e.section != section) {
            section = e.section;
            text += '\n' + (section == "[[service]]" ? wrapped(services, "# ") + '\n' : "") +
                    section + '\n';
        } else {
            text += '\n';
        }
        text += wrapped(marked(e.help, "", ""), "# ");
        text += e.value.empty() ? e.name + " = " + first_probe.at(e.name)
                                : '#' + e.name + " = " + e.value;
        text += '\n';
    }
    return text + second_probe;
}

std::string manual_sections() {
    std::string text;
    std::string section;
    for (const auto& e : entries()) {
        if (e.section != section) {
            section = e.section;
            text += ".SH " + section + '\n';
            text += section == "[[service]]" ? wrapped(services, "") : "";
        }
        const auto value = e.value.empty() ? "" : " Default: " + e.value + '.';
        text +=
            ".TP\n.B " + e.name + '\n' + wrapped(typed(marked(e.help, "\\fB", "\\fR")) + value, "");
    }
    return text;
}

void check(const std::filesystem::path& file, const std::string& wanted) {
    loopmon::test::check_document(file, wanted, "daemon/config/keys.hpp",
                                  "config_test 'documents:*'");
}

} // namespace

TEST_CASE("documents: the shipped configuration is that of the keys", "[documents]") {
    check(loopmond_test::source_directory / "packaging/loopmond.toml", shipped_file());
}

TEST_CASE("documents: the manual's sections are those of the keys", "[documents]") {
    const auto file = loopmond_test::source_directory / "packaging/man/loopmond.toml.5";
    auto page = loopmond_test::read_text(file);
    const auto begin = page.find(".SH [loop]\n");
    const auto end = page.find(".SH EXAMPLES\n");
    REQUIRE(begin < end);
    REQUIRE(end != page.npos);
    check(file, page.replace(begin, end - begin, manual_sections()));
}
