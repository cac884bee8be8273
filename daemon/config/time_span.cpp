// SPDX-License-Identifier: MIT
#include "config/time_span.hpp"

#include "config/ascii.hpp"
#include "config/escape.hpp"

#include <cassert>
#include <cstdint>
#include <limits>
#include <optional>

namespace loopmond {
namespace {

constexpr std::uint64_t second = 1'000'000; // everything here counts microseconds
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t day = 24 * hour;
// The average month and year of systemd.time(7): 30.44 and 365.25 days.
constexpr std::uint64_t month = 2'629'800 * second;
constexpr std::uint64_t year = 31'557'600 * second;

// The largest count of microseconds that nanoseconds can hold.
constexpr std::uint64_t longest = std::numeric_limits<std::int64_t>::max() / 1000;

struct unit {
    std::string_view name;
    std::uint64_t usec;
};

constexpr unit units[] = {
    // The two letters of "micro" look alike: U+00B5 micro sign, U+03BC Greek mu.
    {"us", 1},          {"usec", 1},         {"\u00b5s", 1},    {"\u03bcs", 1},
    {"ms", 1000},       {"msec", 1000},      {"s", second},     {"sec", second},
    {"second", second}, {"seconds", second}, {"m", minute},     {"min", minute},
    {"minute", minute}, {"minutes", minute}, {"h", hour},       {"hr", hour},
    {"hour", hour},     {"hours", hour},     {"d", day},        {"day", day},
    {"days", day},      {"w", 7 * day},      {"week", 7 * day}, {"weeks", 7 * day},
    {"M", month},       {"month", month},    {"months", month}, {"y", year},
    {"year", year},     {"years", year},
};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_unit_letter(char c) {
    return is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

// Takes the longest prefix of `text` whose characters all satisfy `wanted`.
template <class Predicate>
std::string_view take(std::string_view& text, Predicate wanted) {
    std::size_t n = 0;
    while (n < text.size() && wanted(text[n])) {
        ++n;
    }
    const std::string_view taken = text.substr(0, n);
    text.remove_prefix(n);
    return taken;
}

std::optional<std::uint64_t> unit_named(std::string_view name) {
    for (const unit& u : units) {
        if (u.name == name) {
            return u.usec;
        }
    }
    return std::nullopt;
}

// A sum that sticks at `longest + 1`, so that overflow is asked about once, at the end.
struct bounded_sum {
    std::uint64_t usec = 0;

    void add(std::uint64_t count, std::uint64_t each) {
        if (count > longest / each || usec > longest - count * each) {
            usec = longest + 1;
        } else {
            usec += count * each;
        }
    }
};

std::uint64_t to_count(std::string_view digits) {
    constexpr std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / 10 - 1;
    std::uint64_t count = 0;
    for (const char c : digits) {
        if (count > limit) {
            return std::numeric_limits<std::uint64_t>::max();
        }
        count = count * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return count;
}

parsed_time_span refused(std::string problem) {
    return {{}, std::move(problem)};
}

} // namespace

parsed_time_span parse_time_span(std::string_view text) {
    const std::string quoted = quote_briefly(text);
    std::string_view rest = text;
    bounded_sum sum;
    take(rest, is_space);
    if (rest.empty()) {
        return refused("an empty string is not a time span");
    }
    while (!rest.empty()) {
        const std::string_view whole = take(rest, is_digit);
        std::string_view fraction;
        bool point = false;
        if (!rest.empty() && rest.front() == '.') {
            point = true;
            rest.remove_prefix(1);
            fraction = take(rest, is_digit);
        }
        if (point ? fraction.empty() : whole.empty()) {
            return refused(quoted + " is not a time span");
        }
        const bool spaced = !take(rest, is_space).empty();
        const std::string_view name = take(rest, is_unit_letter);
        std::uint64_t each = second;
        if (!name.empty()) {
            const auto known = unit_named(name);
            if (!known) {
                return refused(quoted + " has an unknown unit '" + std::string(name) +
                               "' (known units: us, ms, s, min, h, d, w)");
            }
            each = *known;
        } else if (!spaced && !rest.empty()) {
            return refused(quoted + " is not a time span"); // "1.2.3", "5,3s"
        }
        sum.add(to_count(whole), each);
        for (const char digit : fraction) {
            each /= 10; // cuts what is less than 1 us, digit by digit, as systemd does
            if (each == 0) {
                break;
            }
            sum.add(static_cast<std::uint64_t>(digit - '0'), each);
        }
        take(rest, is_space);
    }
    if (sum.usec > longest) {
        return refused(quoted + " is too long a time span");
    }
    return {std::chrono::microseconds(static_cast<std::int64_t>(sum.usec)), {}};
}

std::string format_time_span(std::chrono::nanoseconds span) {
    assert(span >= span.zero());
    constexpr unit steps[] = {{"d", day},    {"h", hour},  {"min", minute},
                              {"s", second}, {"ms", 1000}, {"us", 1}};
    auto usec = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(span).count());
    std::string text;
    for (const unit& step : steps) {
        const std::uint64_t count = usec / step.usec;
        if (count == 0) {
            continue;
        }
        if (!text.empty()) {
            text += ' ';
        }
        (text += std::to_string(count)) += step.name;
        usec -= count * step.usec;
    }
    return text.empty() ? "0s" : text;
}

} // namespace loopmond
