// SPDX-License-Identifier: MIT
//
// One TOML value into one variable under one rule (config/rules.hpp). Each overload returns an
// empty string, or leaves the variable alone and returns what is wrong and what is allowed; for a
// list, whose elements have places of their own, a problem for each that is wrong.
#pragma once

#include "config/document.hpp"
#include "config/problem.hpp"
#include "config/rules.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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
std::vector<std::string_view> words_of(const std::array<std::pair<std::string_view, Enum>, N>& in) {
    std::vector<std::string_view> words;
    words.reserve(N);
    for (const auto& [word, meaning] : in) {
        words.push_back(word);
    }
    return words;
}

template <class Enum, std::size_t N>
std::string assign(const toml_value& from, Enum& to, const one_of<Enum, N>& rule) {
    std::string problem;
    if (const auto index = find_word(from, words_of(rule.words), problem)) {
        to = rule.words[*index].second;
    }
    return problem;
}

/// The indices of the words that the elements of `from` are. Each that is none, or is there a
/// second time, is a problem with its own place; then nothing is returned.
std::vector<std::size_t> find_words(const toml_value& from,
                                    const std::vector<std::string_view>& words, problems& wrong);

template <class Enum, std::size_t N>
problems assign(const toml_value& from, std::vector<Enum>& to, const some_of<Enum, N>& rule) {
    problems wrong;
    const auto indices = find_words(from, words_of(rule.words), wrong);
    if (wrong.empty()) {
        to.clear();
        for (const auto index : indices) {
            to.push_back(rule.words[index].second);
        }
    }
    return wrong;
}

/// Visits keys (config/keys.hpp) in search of one, and assigns to it.
struct assigner {
    std::string_view wanted;
    const toml_value& from;
    bool known = false;  ///< the key was among those visited
    problems wrong = {}; ///< with the assignment; none if it was done, or the key is not known

    template <class T, class Rule>
    void operator()(std::string_view key, T& to, const Rule& rule) {
        if (key != wanted) {
            return;
        }
        known = true;
        if constexpr (std::is_same_v<decltype(assign(from, to, rule)), problems>) {
            wrong = assign(from, to, rule);
        } else if (auto text = assign(from, to, rule); !text.empty()) {
            wrong.push_back({from.where, std::move(text)});
        }
    }
};

} // namespace loopmond
