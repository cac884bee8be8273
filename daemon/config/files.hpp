// SPDX-License-Identifier: MIT
//
// Which files make up the configuration (the rules of systemd's own: file-hierarchy(7) and the UAPI
// configuration files specification). The main file is the first found; every drop-in counts,
// sorted by its file name whatever its directory, where the higher directory wins among equal names
// and a link to /dev/null hides the lower ones.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace loopmond {

/// Directories that hold `loopmond.toml` and `loopmond.toml.d/`, highest precedence first.
struct search_path {
    std::vector<std::filesystem::path> directories = {
        "/etc/loopmond",
        "/run/loopmond",
        "/usr/local/lib/loopmond",
        "/usr/lib/loopmond",
    };
};

struct found_files {
    struct unreadable {
        std::string path;
        std::error_code why;
    };
    std::vector<std::string> paths;      ///< in the order to read them: later ones win
    std::vector<unreadable> directories; ///< that exist and could not be listed
};

/// Searches; a directory that does not exist is not an error.
found_files find_config_files(const search_path& where);

struct file_text {
    std::string text;
    std::string error; ///< why it cannot be read; `text` is nothing if this is set
};

/// Reads a whole regular file of at most 1 MiB, or /dev/null. Waits for no pipe and no device.
file_text read_config_file(const std::string& path);

} // namespace loopmond
