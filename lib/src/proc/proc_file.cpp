// SPDX-License-Identifier: MIT
#include "proc/proc_file.hpp"

#include "base/proc.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace loopmon::proc {

void proc_file::open() noexcept {
    constexpr std::string_view proc = "/proc/";
    const std::string_view path = path_;
    file_ =
        base::kept_fd(path.starts_with(proc) ? base::open_proc(path.substr(proc.size()), O_RDONLY)
                                             : ::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    // Descriptors that have run out now may not have the next time.
    absent_ = file_.get() < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM;
}

std::optional<std::string_view> proc_file::read() noexcept {
    if (!absent_ && !file_.intact()) {
        open();
    }
    if (file_.get() < 0) {
        return std::nullopt;
    }
    // At offset 0 the kernel generates these files again.
    const auto length = ::pread(file_.get(), text_.data(), text_.size(), 0);
    if (length < 0) {
        return std::nullopt;
    }
    std::string_view text(text_.data(), static_cast<std::size_t>(length));
    if (!text.empty() && text.back() == '\n') {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace loopmon::proc
