// SPDX-License-Identifier: MIT
#include "base/write_fully.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace loopmon::base {

bool write_fully(int fd, std::string_view text) noexcept {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (written == 0) { // a device that is full without saying so
            errno = ENOSPC;
            return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

} // namespace loopmon::base
