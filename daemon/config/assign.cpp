// SPDX-License-Identifier: MIT
#include "config/assign.hpp"

#include "config/escape.hpp"
#include "config/suggest.hpp"
#include "config/time_span.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace loopmond {
namespace {

std::string list(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) {
        text += (text.empty() ? "\"" : ", \"") + std::string(word) + '"';
    }
    return text;
}

} // namespace

std::string allowed(const duration_range& rule) {
    return "allowed: " + format_time_span(rule.min) + " to " + format_time_span(rule.max);
}

std::string allowed(const count_range& rule) {
    return "allowed: " + std::to_string(rule.min) + " to " + std::to_string(rule.max);
}

std::string wrong_type(const toml_value& from, std::string_view wanted) {
    return "is " + std::string(type_of(from)) + ", must be " + std::string(wanted);
}

std::string assign(const toml_value& from, std::chrono::nanoseconds& to, duration_range rule) {
    const auto* text = std::get_if<std::string>(&from.data);
    if (text == nullptr) {
        return wrong_type(from, "a duration in quotes with its unit, such as \"250ms\"; ") +
               allowed(rule);
    }
    const parsed_time_span span = parse_time_span(*text);
    if (!span.problem.empty()) {
        return span.problem + "; write it like \"250ms\" or \"1min 30s\"; " + allowed(rule);
    }
    if (!rule.contains(span.value)) {
        return quote_briefly(*text) + " is out of range; " + allowed(rule);
    }
    to = span.value;
    return {};
}

std::string assign(const toml_value& from, std::uint64_t& to, count_range rule) {
    const auto* number = std::get_if<std::int64_t>(&from.data);
    if (number == nullptr) {
        return wrong_type(from, "an integer; ") + allowed(rule);
    }
    if (*number < 0 || !rule.contains(static_cast<std::uint64_t>(*number))) {
        return std::to_string(*number) + " is out of range; " + allowed(rule);
    }
    to = static_cast<std::uint64_t>(*number);
    return {};
}

std::string assign(const toml_value& from, unsigned& to, count_range rule) {
    assert(rule.max <= std::numeric_limits<unsigned>::max());
    std::uint64_t number = to;
    std::string problem = assign(from, number, rule);
    to = static_cast<unsigned>(number);
    return problem;
}

std::string assign(const toml_value& from, bool& to, any_flag) {
    const auto* flag = std::get_if<bool>(&from.data);
    if (flag == nullptr) {
        return wrong_type(from, "a boolean; allowed: true, false");
    }
    to = *flag;
    return {};
}

std::string assign(const toml_value& from, std::string& to, text_rule rule) {
    const auto* text = std::get_if<std::string>(&from.data);
    if (text == nullptr) {
        return wrong_type(from, "a string");
    }
    std::string problem = rule.problem(*text);
    if (problem.empty()) {
        to = *text;
    }
    return problem;
}

std::optional<std::size_t> find_word(const toml_value& from,
                                     const std::vector<std::string_view>& words,
                                     std::string& problem) {
    const auto* text = std::get_if<std::string>(&from.data);
    if (text == nullptr) {
        problem = wrong_type(from, "a string; allowed: " + list(words));
        return std::nullopt;
    }
    const auto word = std::find(words.begin(), words.end(), *text);
    if (word != words.end()) {
        return static_cast<std::size_t>(word - words.begin());
    }
    problem = quote_briefly(*text) + " is unknown; allowed: " + list(words) +
              did_you_mean(suggest(*text, words));
    return std::nullopt;
}

std::vector<std::size_t> find_words(const toml_value& from,
                                    const std::vector<std::string_view>& words, problems& wrong) {
    const auto* elements = std::get_if<toml_array>(&from.data);
    if (elements == nullptr) {
        wrong.push_back(
            {from.where, wrong_type(from, "an array of strings; allowed: " + list(words))});
        return {};
    }
    std::vector<std::size_t> indices;
    for (const toml_value& element : *elements) {
        std::string problem;
        const auto index = find_word(element, words, problem);
        if (index && std::find(indices.begin(), indices.end(), *index) != indices.end()) {
            problem = '"' + std::string(words[*index]) + "\" is listed twice";
        }
        if (!problem.empty()) {
            wrong.push_back({element.where, std::move(problem)});
        } else {
            indices.push_back(*index);
        }
    }
    return indices;
}

} // namespace loopmond
