// SPDX-License-Identifier: MIT
//
// apply(): walks one document. Every name in it is a section, a key of config/keys.hpp, a
// `[[service]]`, or an error.
#include "config/assign.hpp"
#include "config/draft.hpp"
#include "config/keys.hpp"
#include "config/unknown_key.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace loopmond {
namespace {

bool is_unsupported(std::string_view section) {
    const auto& sections = unsupported_sections;
    return std::find(sections.begin(), sections.end(), section) != sections.end();
}

void apply_setting(const toml_entry& entry, std::string_view section, draft& onto,
                   problems& found) {
    const std::string key = std::string(section) + '.' + entry.key;
    assigner place{key, entry.value};
    visit_settings(onto.value, place);
    if (place.known) {
        onto.note({{}, key}, entry.value.where, place.wrong.empty());
        for (const problem& p : place.wrong) {
            report_key(found, p.where, key, p.text);
        }
    } else {
        report_key(found, entry.where, key, unknown_in_section(section, entry.key));
    }
}

void apply_section(const toml_entry& section, draft& onto, problems& found) {
    const auto* table = std::get_if<toml_table>(&section.value.data);
    if (table == nullptr) {
        report_key(found, section.value.where, section.key,
                   wrong_type(section.value, "a table, [" + section.key + "]"));
        return;
    }
    for (const toml_entry& entry : *table) {
        apply_setting(entry, section.key, onto, found);
    }
}

} // namespace

void apply(const toml_table& source, draft& onto, problems& found) {
    for (const toml_entry& entry : source) {
        if (entry.key == "service") {
            apply_services(entry, onto, found);
        } else if (is_section(entry.key)) {
            apply_section(entry, onto, found);
        } else if (is_unsupported(entry.key)) {
            report_key(found, entry.where, entry.key, "is not supported by this version");
        } else {
            report_key(found, entry.where, entry.key,
                       unknown_at_top(
                           entry.key,
                           std::holds_alternative<toml_table>(entry.value.data) ? "table" : "key"));
        }
    }
}

} // namespace loopmond
