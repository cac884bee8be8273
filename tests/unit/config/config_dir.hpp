// SPDX-License-Identifier: MIT
//
// A directory tree of configuration files that lives as long as its test.
#pragma once

#include "config/load.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace loopmond_test {

class config_dir {
public:
    config_dir() {
        std::string name = (std::filesystem::temp_directory_path() / "loopmond-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::system_error(errno, std::generic_category(), name);
        }
        root_ = name;
    }
    ~config_dir() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    config_dir(const config_dir&) = delete;
    config_dir& operator=(const config_dir&) = delete;

    std::filesystem::path path(std::string_view name) const { return root_ / name; }

    /// Writes a file, makes its directories, returns its full name.
    std::string write(std::string_view name, std::string_view text) const {
        const auto file = path(name);
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file.string();
    }

    /// Masks a file as an administrator does.
    void mask(std::string_view name) const {
        std::filesystem::create_directories(path(name).parent_path());
        std::filesystem::create_symlink("/dev/null", path(name));
    }

    /// The four directories of the contract, under this root.
    loopmond::search_path search() const {
        return {{path("etc"), path("run"), path("usr/local/lib"), path("usr/lib")}};
    }

    loopmond::load_result load() const { return loopmond::load_config({}, search()); }

    /// Loads one file of this text; its name in messages is `path("it.toml")`.
    loopmond::load_result load(std::string_view text) const {
        loopmond::options given;
        given.config_file = write("it.toml", text);
        return loopmond::load_config(given);
    }

private:
    std::filesystem::path root_;
};

} // namespace loopmond_test
