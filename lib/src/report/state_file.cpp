// SPDX-License-Identifier: MIT
#include "report/state_file.hpp"

#include "base/kept_fd.hpp"
#include "base/write_fully.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <system_error>
#include <utility>

namespace loopmon::report {

namespace {

std::string text_of(int error) {
    return std::generic_category().message(error);
}

state_file::content read_whole(base::kept_directory& directory, const std::string& name) {
    const base::kept_fd file(directory.open(name, O_RDONLY));
    struct stat is {};
    if (file.get() < 0 || ::fstat(file.get(), &is) != 0) {
        return {{}, errno == ENOENT ? std::string() : "cannot be read: " + text_of(errno)};
    }
    if (!S_ISREG(is.st_mode)) {
        return {{}, "is not a regular file", true};
    }
    // A file that grows meanwhile is not one of ours either.
    std::string text(state_file::longest + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto n = ::read(file.get(), text.data() + size, text.size() - size);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return {{}, "cannot be read: " + text_of(errno)};
        }
        if (n == 0) {
            break;
        }
        size += static_cast<std::size_t>(n);
    }
    if (size > state_file::longest) {
        return {{}, "is too long", true};
    }
    if (size < 2 || text[size - 1] != '\n') {
        return {{}, "is not complete", true};
    }
    text.resize(size - 1);
    return {std::move(text), {}};
}

} // namespace

state_file::state_file(std::filesystem::path path)
    : path_(std::move(path)),
      name_(path_.filename().string()),
      beside_(name_ + ".new"),
      directory_(path_.empty()
                     ? nullptr
                     : std::make_shared<base::kept_directory>(path_.parent_path().string())) {}

state_file::content state_file::read() const {
    if (path_.empty()) {
        return {};
    }
    auto newer = read_whole(*directory_, beside_);
    if (newer.text.empty()) { // none, or a process has ended while it wrote it
        return read_whole(*directory_, name_);
    }
    (void)directory_->rename(beside_, name_); // if it cannot be made good, it is found again
    return newer;
}

void state_file::replace(const std::string& line) const {
    assert(line.find('\n') == line.npos && line.size() < longest);
    if (path_.empty()) {
        return;
    }
    const auto fail = [this] {
        throw std::system_error(errno, std::generic_category(), "cannot write " + path_.string());
    };
    {
        const base::kept_fd file(directory_->open(beside_, O_WRONLY | O_CREAT | O_TRUNC));
        if (file.get() < 0 || !base::write_fully(file.get(), line + '\n') ||
            ::fsync(file.get()) != 0) {
            fail();
        }
    }
    if (!directory_->rename(beside_, name_)) {
        fail();
    }
    directory_->sync(); // the name, too
}

std::string state_file::set_aside() const {
    const auto aside = name_ + ".corrupt";
    return directory_->rename(name_, aside) ? "it is kept as " + aside
                                            : "it stays there: " + text_of(errno);
}

std::string state_file::directory_problem() const {
    const int error = path_.empty() ? 0 : directory_->problem();
    return error == 0 ? std::string()
                      : path_.parent_path().string() + " cannot be used: " + text_of(error);
}

} // namespace loopmon::report
