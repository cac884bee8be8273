// SPDX-License-Identifier: MIT
#include "watch/proc_file.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace loopmon::watch {

proc_file::proc_file(proc_file&& from) noexcept
    : path_(std::move(from.path_)), fd_(std::exchange(from.fd_, absent)) {}

proc_file& proc_file::operator=(proc_file&& from) noexcept {
    if (this != &from) {
        close();
        path_ = std::move(from.path_);
        fd_ = std::exchange(from.fd_, absent);
    }
    return *this;
}

proc_file::~proc_file() {
    close();
}

void proc_file::close() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
    }
    fd_ = absent;
}

std::optional<std::string_view> proc_file::read() noexcept {
    if (fd_ == unopened) {
        fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd_ < 0) {
            fd_ = absent;
        }
    }
    if (fd_ == absent) {
        return std::nullopt;
    }
    // At offset 0 the kernel writes these files anew.
    const auto length = ::pread(fd_, text_.data(), text_.size(), 0);
    if (length < 0) {
        return std::nullopt;
    }
    std::string_view text(text_.data(), static_cast<std::size_t>(length));
    if (!text.empty() && text.back() == '\n') {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace loopmon::watch
