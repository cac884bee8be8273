// SPDX-License-Identifier: MIT
//
// The kinds of rule that a value of the configuration obeys. A rule is a value: what is allowed,
// and the words for it. config/keys.hpp gives one to each key.
#pragma once

#include <loopmon/limits.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace loopmond {

using duration_range = loopmon::option_range<std::chrono::nanoseconds>;
using count_range = loopmon::option_range<std::uint64_t>;

/// true or false.
struct any_flag {};

/// One of a few words, each of which stands for a value.
template <class Enum, std::size_t N>
struct one_of {
    std::array<std::pair<std::string_view, Enum>, N> words;
};

/// A list of such words, each at most once; it may be empty.
template <class Enum, std::size_t N>
struct some_of {
    std::array<std::pair<std::string_view, Enum>, N> words;
};

/// A text that `problem` finds nothing wrong with. `problem` returns an empty string, or what is
/// wrong and what is allowed.
struct text_rule {
    std::string (*problem)(std::string_view text);
};

/// "system", "session", "none", or a D-Bus address.
std::string bus_address_problem(std::string_view text);

/// 1 to 64 printable ASCII characters: a name becomes part of an object path, of journal fields and
/// of a terminal's line.
std::string service_name_problem(std::string_view text);

/// "dbus:NAME" with a valid well-known bus name.
std::string probe_target_problem(std::string_view text);

/// The NAME of a target that probe_target_problem() has nothing against.
std::string_view target_bus_name(std::string_view target);

} // namespace loopmond
