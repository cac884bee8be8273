// SPDX-License-Identifier: MIT
#include "config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <map>

namespace loopmond {
namespace {

namespace fs = std::filesystem;

constexpr const char* main_name = "loopmond.toml";
constexpr const char* drop_in_directory = "loopmond.toml.d";

// A text this long is not a configuration but a mistake, a log for example.
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

// By which an administrator says "nothing".
bool is_null_device(const struct stat& is) {
    constexpr unsigned memory_devices = 1;
    constexpr unsigned null = 3;
    return S_ISCHR(is.st_mode) && is.st_rdev == ::makedev(memory_devices, null);
}

class descriptor {
public:
    explicit descriptor(int opened) : fd_(opened) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

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
    const auto last_error = [] { return std::generic_category().message(errno); };
    // Without waiting: a pipe would be opened when somebody writes to it, which may be never.
    const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat is {};
    if (file.get() < 0 || ::fstat(file.get(), &is) != 0) {
        return {{}, last_error()};
    }
    if (!S_ISREG(is.st_mode) && !is_null_device(is)) {
        return {{}, S_ISDIR(is.st_mode) ? "Is a directory" : "Not a regular file"};
    }
    file_text read;
    std::array<char, 4096> part{};
    while (true) {
        const auto n = ::read(file.get(), part.data(), part.size());
        if (n == 0) {
            return read;
        }
        if (n < 0 && errno != EINTR) {
            return {{}, last_error()};
        }
        if (n > 0) {
            read.text.append(part.data(), static_cast<std::size_t>(n));
        }
        if (read.text.size() > size_limit) {
            return {{}, "File too large"};
        }
    }
}

} // namespace loopmond
