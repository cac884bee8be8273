// SPDX-License-Identifier: MIT
//
// A parsed TOML text with the place of everything in it, free of the parser: toml_parse.cpp is
// the only file that includes toml++, which is slow to compile and free to change.
#pragma once

#include "config/problem.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace loopmond {

struct toml_entry;
struct toml_value;
using toml_table = std::vector<toml_entry>;
using toml_array = std::vector<toml_value>;

/// A date or a time, for which the configuration has no use.
struct toml_date_or_time {};

struct toml_value {
    location where;
    std::variant<bool, std::int64_t, double, toml_date_or_time, std::string, toml_array, toml_table>
        data;
};

struct toml_entry {
    std::string key;
    location where; ///< of the key
    toml_value value;
};

struct toml_document {
    toml_table root;
    std::optional<problem> syntax_error; ///< the first one; `root` is empty then
};

/// Parses a file.
/// @param source index of the file, put into each location
toml_document parse_toml(std::string_view text, unsigned source);

/// Parses `KEY=VALUE` of the command line into the document that would say the same in a file. KEY
/// is a dotted key; a VALUE that is not TOML is taken as a string, so that `lag.warn=50ms` needs no
/// quotes within quotes. Locations have no line.
toml_document parse_assignment(std::string_view text, unsigned source);

/// "an integer", "a table", ... for a message.
std::string_view type_of(const toml_value& value);

} // namespace loopmond
