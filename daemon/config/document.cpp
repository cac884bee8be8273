// SPDX-License-Identifier: MIT
#include "config/document.hpp"

#include <cstddef>
#include <utility>

namespace loopmond {
namespace {

// The text of an option has no lines that one could look up.
void forget_places(toml_value& value, const location& instead) {
    value.where = instead;
    if (auto* array = std::get_if<toml_array>(&value.data)) {
        for (toml_value& element : *array) {
            forget_places(element, instead);
        }
    }
    if (auto* table = std::get_if<toml_table>(&value.data)) {
        for (toml_entry& entry : *table) {
            entry.where = instead;
            forget_places(entry.value, instead);
        }
    }
}

toml_value parse_bare_value(std::string_view text, const location& where) {
    toml_document parsed = parse_toml("value = " + std::string(text), where.source);
    // More than one entry: the text goes on with a line of its own after the value.
    if (parsed.syntax_error || parsed.root.size() != 1 || parsed.root.front().key != "value") {
        return {where, std::string(text)};
    }
    toml_value value = std::move(parsed.root.front().value);
    forget_places(value, where);
    return value;
}

} // namespace

toml_document parse_assignment(std::string_view text, unsigned source) {
    const location where{source};
    const std::size_t equals = text.find('=');
    const std::string_view key = text.substr(0, equals);
    if (equals == std::string_view::npos || key.empty()) {
        return {{}, problem{where, "must be KEY=VALUE, for example lag.warn=50ms"}};
    }

    toml_value value = parse_bare_value(text.substr(equals + 1), where);
    toml_table root;
    const std::size_t dot = key.find('.');
    if (dot == std::string_view::npos) {
        root.push_back({std::string(key), where, std::move(value)});
    } else {
        // No key has more than one dot; whatever follows a second one is an unknown key.
        toml_table section;
        section.push_back({std::string(key.substr(dot + 1)), where, std::move(value)});
        root.push_back({std::string(key.substr(0, dot)), where, {where, std::move(section)}});
    }
    return {std::move(root), std::nullopt};
}

std::string_view type_of(const toml_value& value) {
    constexpr std::string_view names[] = {"a boolean",      "an integer", "a floating-point number",
                                          "a date or time", "a string",   "an array",
                                          "a table"};
    return names[value.data.index()];
}

} // namespace loopmond
