// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace loopmond_test {

inline const std::filesystem::path source_directory = LOOPMON_SOURCE_DIR;

/// The files of tests/data/config/`kind`, sorted. There are some, or the test proves nothing.
inline std::vector<std::string> files_in(const std::string& kind) {
    std::vector<std::string> files;
    const auto directory = source_directory / "tests/data/config" / kind;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        files.push_back(entry.path().string());
    }
    if (files.empty()) {
        throw std::runtime_error("no test data in " + directory.string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace loopmond_test
