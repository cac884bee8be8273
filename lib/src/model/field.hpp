// SPDX-License-Identifier: MIT
//
// What is shown of a status (status.hpp), a row for each fact: its name, its member, how it
// changes, and what it means. D-Bus properties and PropertiesChanged, JSON and the interface
// descriptions in packaging/dbus are made from the rows; so a new fact is a member of a status with
// a row below, and whoever sets it:
//
//   for_each(loop_fields, [&](const auto& field) { out[field.name] = json_of(field, loop); });
#pragma once

#include "model/bounds.hpp"

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace loopmon::model {

enum class changes {
    never,     ///< an identity
    signalled, ///< rarely: each change is worth a signal
    often,     ///< with every sample: whoever wants it reads it
};

template <class>
struct member_of;
template <class Status, class Value>
struct member_of<Value Status::*> {
    using status = Status;
    using value = Value;
};

/// A row.
/// @tparam Longest what is shown of a text, in bytes
template <auto Member, std::size_t Longest = max_text>
struct field {
    using status = typename member_of<decltype(Member)>::status;
    using value = typename member_of<decltype(Member)>::value;
    static constexpr std::size_t longest = Longest;

    const char* name; ///< on D-Bus and in JSON
    changes how;
    const char* help;      ///< in one line
    bool tracking = false; ///< known only in a program that is built with loopmon::tracking

    [[nodiscard]] static const value& of(const status& shown) { return shown.*Member; }
};

/// Calls visit(row) for each.
template <class Fields, class Visit>
constexpr void for_each(const Fields& fields, Visit visit) {
    std::apply([&](const auto&... row) { (visit(row), ...); }, fields);
}

/// Names of the rows whose changes are signalled and that differ.
template <class Fields, class Status>
[[nodiscard]] std::vector<const char*> changed(const Fields& fields, const Status& before,
                                               const Status& now) {
    std::vector<const char*> names;
    for_each(fields, [&](const auto& row) {
        if (row.how == changes::signalled && row.of(before) != row.of(now)) {
            names.push_back(row.name);
        }
    });
    return names;
}

} // namespace loopmon::model
