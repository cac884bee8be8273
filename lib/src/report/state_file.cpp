// SPDX-License-Identifier: MIT
#include "report/state_file.hpp"

#include "report/write_fully.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace loopmon::report {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), "cannot write " + path.string());
}

class descriptor {
public:
    descriptor(const std::filesystem::path& path, int flags)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0640)) {
        if (fd_ < 0) {
            fail(path);
        }
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(fd_); }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

/// Empty unless the file is there and ends as it should.
std::string read_whole(const std::filesystem::path& path) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path, none);
    if (none || size == 0 || size > state_file::longest) {
        return {};
    }
    std::string text(size, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(text.data(), static_cast<std::streamsize>(size));
    if (!file || text.back() != '\n') {
        return {};
    }
    text.pop_back();
    return text;
}

} // namespace

std::filesystem::path state_file::beside() const {
    return path_.string() + ".new";
}

std::string state_file::read() const {
    if (path_.empty()) {
        return {};
    }
    auto newer = read_whole(beside());
    if (newer.empty()) {
        return read_whole(path_);
    }
    std::error_code as_it_is; // if it cannot be made good, it is found again the next time
    std::filesystem::rename(beside(), path_, as_it_is);
    return newer;
}

void state_file::replace(const std::string& line) const {
    assert(line.find('\n') == line.npos && line.size() < longest);
    if (path_.empty()) {
        return;
    }
    const auto newer = beside();
    {
        const descriptor file(newer, O_WRONLY | O_CREAT | O_TRUNC);
        if (!write_fully(file.get(), line + '\n') || ::fsync(file.get()) != 0) {
            fail(newer);
        }
    }
    std::filesystem::rename(newer, path_);
    // And the name too. Some file systems cannot sync a directory; the rename is done all the same.
    const descriptor directory(path_.parent_path(), O_RDONLY | O_DIRECTORY);
    (void)::fsync(directory.get());
}

} // namespace loopmon::report
