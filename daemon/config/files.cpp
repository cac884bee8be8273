// SPDX-License-Identifier: MIT
#include "config/files.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>

namespace loopmond {
namespace {

namespace fs = std::filesystem;

constexpr const char* main_name = "loopmond.toml";
constexpr const char* drop_in_directory = "loopmond.toml.d";

// A text this long is no configuration but a mistake (/dev/zero, a log), and would be read for
// ever.
constexpr std::size_t size_limit = std::size_t{1024} * 1024;

// Something may have that name, even a link that leads nowhere or a place we may not look into: the
// reader then says what is wrong with it, instead of a file of lower precedence being used in
// silence.
bool may_be_there(const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

bool is_mask(const fs::path& path) {
    std::error_code ignored; // the path is then empty, and no mask
    return fs::is_symlink(fs::symlink_status(path, ignored)) &&
           fs::canonical(path, ignored) == "/dev/null";
}

// The drop-ins of one directory, by file name; a name that is there already stays.
void collect_drop_ins(const fs::path& directory, std::map<std::string, fs::path>& drop_ins,
                      found_files& found) {
    std::error_code error;
    fs::directory_iterator entry(directory, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const fs::path& path = entry->path();
        const std::string name = path.filename().string();
        if (path.extension() == ".toml" && name.front() != '.') {
            drop_ins.try_emplace(name, path);
        }
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        found.directories.push_back({directory.string(), error});
    }
}

} // namespace

found_files find_config_files(const search_path& where) {
    found_files found;
    for (const fs::path& directory : where.directories) {
        const fs::path path = directory / main_name;
        if (!may_be_there(path)) {
            continue;
        }
        if (!is_mask(path)) {
            found.paths.push_back(path.string());
        }
        break;
    }
    std::map<std::string, fs::path> drop_ins;
    for (const fs::path& directory : where.directories) {
        collect_drop_ins(directory / drop_in_directory, drop_ins, found);
    }
    for (const auto& [name, path] : drop_ins) {
        if (!is_mask(path)) {
            found.paths.push_back(path.string());
        }
    }
    return found;
}

file_text read_config_file(const std::string& path) {
    const auto last_error = [] { return std::error_code(errno, std::generic_category()); };
    // "e": no configuration file is inherited by a program that a service starts.
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    if (!file) {
        return {{}, last_error()};
    }
    file_text read;
    char buffer[4096];
    std::size_t n = 0;
    while ((n = std::fread(buffer, 1, sizeof buffer, file.get())) != 0) {
        if (read.text.size() + n > size_limit) {
            return {{}, std::make_error_code(std::errc::file_too_large)};
        }
        read.text.append(buffer, n);
    }
    if (std::ferror(file.get()) != 0) {
        return {{}, last_error()};
    }
    return read;
}

} // namespace loopmond
