// SPDX-License-Identifier: MIT
#include "config/unknown_key.hpp"

#include "config/keys.hpp"
#include "config/suggest.hpp"

#include <algorithm>
#include <vector>

namespace loopmond {
namespace {

using names = std::vector<std::string_view>;

std::string_view section_of(std::string_view key) {
    return key.substr(0, key.find('.'));
}
std::string_view name_of(std::string_view key) {
    return key.substr(key.find('.') + 1);
}

names all_settings() {
    names keys;
    const config defaults;
    visit_settings(
        defaults, [&keys](std::string_view key, const auto&, const auto&) { keys.push_back(key); });
    return keys;
}

names all_sections() {
    names sections;
    for (const std::string_view key : all_settings()) {
        if (sections.empty() || section_of(key) != sections.back()) {
            sections.push_back(section_of(key));
        }
    }
    return sections;
}

std::string unknown(std::string_view kind, const names& possible) {
    std::string text = "unknown " + std::string(kind) + "; allowed: ";
    for (const std::string_view name : possible) {
        (text += name == possible.front() ? "" : ", ") += name;
    }
    return text;
}

// The key of that name in whatever section has one, empty if none has.
std::string_view elsewhere(std::string_view name) {
    for (const std::string_view key : all_settings()) {
        if (name_of(key) == name) {
            return key;
        }
    }
    return {};
}

} // namespace

bool is_section(std::string_view name) {
    const names sections = all_sections();
    return std::find(sections.begin(), sections.end(), name) != sections.end();
}

std::string unknown_at_top(std::string_view name, std::string_view kind) {
    names possible = all_sections();
    possible.push_back("service");
    const std::string_view meant = suggest(name, possible);
    return unknown(kind, possible) + did_you_mean(meant.empty() ? elsewhere(name) : meant);
}

std::string unknown_in_section(std::string_view section, std::string_view name) {
    names possible;
    for (const std::string_view key : all_settings()) {
        if (section_of(key) == section) {
            possible.push_back(name_of(key));
        }
    }
    const std::string_view meant = suggest(name, possible);
    const std::string full = meant.empty() ? std::string(elsewhere(name))
                                           : std::string(section) + '.' + std::string(meant);
    return unknown("key", possible) + did_you_mean(full);
}

std::string unknown_in_service(std::string_view name) {
    names possible = {"type"};
    const probe_config defaults;
    visit_probe_settings(defaults, [&possible](std::string_view key, const auto&, const auto&) {
        possible.push_back(key);
    });
    return unknown("key", possible) + did_you_mean(suggest(name, possible));
}

} // namespace loopmond
