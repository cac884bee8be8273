// SPDX-License-Identifier: MIT
//
// One TOML value into one variable under one rule (config/rules.hpp). Each overload returns an
// empty string, or leaves the variable alone and returns what is wrong and what is allowed.
#pragma once

#include "config/document.hpp"
#include "config/rules.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loopmond {

/// "allowed: 1ms to 1min"
std::string allowed(const duration_range& rule);
std::string allowed(const count_range& rule);

/// "is an integer, must be ..."
std::string wrong_type(const toml_value& from, std::string_view wanted);

std::string assign(const toml_value& from, std::chrono::nanoseconds& to, duration_range rule);
std::string assign(const toml_value& from, std::uint64_t& to, count_range rule);
std::string assign(const toml_value& from, unsigned& to, count_range rule);
std::string assign(const toml_value& from, bool& to, any_flag rule);
std::string assign(const toml_value& from, std::string& to, text_rule rule);

/// The index of the word that `from` is; if it is none, `problem` says so.
std::optional<std::size_t>
find_word(const toml_value& from, const std::vector<std::string_view>& words, std::string& problem);

template <class Enum, std::size_t N>
std::string assign(const toml_value& from, Enum& to, const one_of<Enum, N>& rule) {
    std::vector<std::string_view> words;
    for (const auto& [word, meaning] : rule.words)
        words.push_back(word);
    std::string problem;
    if (const auto index = find_word(from, words, problem))
        to = rule.words[*index].second;
    return problem;
}

/// Visits keys (config/keys.hpp) in search of one, and assigns to it.
struct assigner {
    std::string_view wanted;
    const toml_value& from;
    bool known = false;  ///< the key was among those visited
    std::string problem; ///< of the assignment; empty if it was done, or the key is not known

    template <class T, class Rule>
    void operator()(std::string_view key, T& to, const Rule& rule) {
        if (key != wanted)
            return;
        known = true;
        problem = assign(from, to, rule);
    }
};

} // namespace loopmond
