// SPDX-License-Identifier: MIT
#include "config/rules.hpp"

#include "config/ascii.hpp"
#include "config/escape.hpp"
#include "config/suggest.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace loopmond {
namespace {

constexpr std::string_view dbus_scheme = "dbus:";

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}
bool is_name_letter(char c) {
    return is_letter(c) || c == '_' || c == '-';
}

// "Valid Names" of the D-Bus specification, for well-known names: two or more elements separated by
// dots, each of letters, digits, '_' and '-' without a digit in front; 255 bytes at most.
bool is_well_known_name(std::string_view name) {
    constexpr std::size_t longest = 255;
    if (name.size() > longest || name.find('.') == std::string_view::npos) {
        return false;
    }
    bool starts_element = true;
    for (const char c : name) {
        if (c == '.' ? starts_element : !(is_name_letter(c) || (is_digit(c) && !starts_element))) {
            return false;
        }
        starts_element = c == '.';
    }
    return !starts_element;
}

} // namespace

std::string bus_address_problem(std::string_view text) {
    if (text == "system" || text == "session" || text == "none") {
        return {};
    }
    const std::size_t colon = text.find(':');
    const bool is_address = colon != std::string_view::npos && colon != 0 &&
                            std::all_of(text.begin(), text.end(), is_printable);
    if (is_address) {
        return {};
    }
    return quote_briefly(text) +
           " is not a valid bus; allowed: \"system\", \"session\", \"none\", or a "
           "D-Bus address such as \"unix:path=/run/bus\"" +
           did_you_mean(suggest(text, {"system", "session", "none"}));
}

std::string service_name_problem(std::string_view text) {
    constexpr std::size_t longest = 64;
    if (!text.empty() && text.size() <= longest &&
        std::all_of(text.begin(), text.end(), is_printable)) {
        return {};
    }
    return quote_briefly(text) +
           " is not a valid service name; allowed: 1 to 64 printable ASCII characters";
}

std::string probe_target_problem(std::string_view text) {
    if (text.starts_with("http:") || text.starts_with("http+unix:")) {
        return quote_briefly(text) + " is an http target, which is not supported by this version; "
                                     "allowed: \"dbus:NAME\"";
    }
    if (!text.starts_with(dbus_scheme)) {
        return quote_briefly(text) + " is not a valid target; allowed: \"dbus:NAME\", for example "
                                     "\"dbus:org.freedesktop.systemd1\"";
    }
    if (!is_well_known_name(text.substr(dbus_scheme.size()))) {
        return quote_briefly(text.substr(dbus_scheme.size())) +
               " is not a well-known bus name; allowed: two or more elements of letters, digits, "
               "'_' "
               "and '-', separated by '.', none of them empty or beginning with a digit, 255 bytes "
               "at most";
    }
    return {};
}

std::string_view target_bus_name(std::string_view target) {
    assert(probe_target_problem(target).empty());
    return target.substr(dbus_scheme.size());
}

} // namespace loopmond
