// SPDX-License-Identifier: MIT
//
// Files of the tree that are made from tables of the code. A test compares; with
// LOOPMON_WRITE_DOCUMENTS=1 in the environment it writes the file first.
#pragma once

#include "support/catch.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

namespace loopmon::test {

inline std::string read_document(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

/// @param table where its text comes from
/// @param test the command that writes it
inline void check_document(const std::filesystem::path& path, const std::string& wanted,
                           const std::string& table, const std::string& test) {
    if (std::getenv("LOOPMON_WRITE_DOCUMENTS") != nullptr) {
        std::ofstream(path, std::ios::binary) << wanted;
    }
    INFO(path.string() << " is made from " << table << "; to write it again: "
                       << "LOOPMON_WRITE_DOCUMENTS=1 build/dev/tests/" << test);
    CHECK(read_document(path) == wanted);
}

/// Words in lines of `width` bytes at most.
/// @param start at the beginning of the first line
/// @param next at the beginning of each other
inline std::string wrapped(const std::string& text, const std::string& start,
                           const std::string& next, std::size_t width = 100) {
    std::istringstream words(text);
    std::string out;
    std::string line = start;
    bool is_empty = true;
    for (std::string word; words >> word; is_empty = false) {
        if (!is_empty && line.size() + 1 + word.size() > width) {
            out += line + '\n';
            line = next + word;
        } else {
            line += (is_empty ? "" : " ") + word;
        }
    }
    return out + line + '\n';
}

} // namespace loopmon::test
