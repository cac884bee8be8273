// SPDX-License-Identifier: MIT
#include "proc/task_directory.hpp"

#include "base/proc.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace loopmon::proc {

void keep_task_directory() {
    base::keep_proc();
}

task_text read_task_file(pid_t tid, const char* name) {
    const int fd = base::open_proc("self/task/" + std::to_string(tid) + "/" + name, O_RDONLY);
    if (fd < 0) {
        return {{}, errno};
    }
    std::array<char, 4096> text{}; // `status`, the longest that is read, has 1.5 KB
    const auto length = ::read(fd, text.data(), text.size());
    const int error = length < 0 ? errno : 0;
    close(fd);
    task_text out{{text.data(), static_cast<std::size_t>(length < 0 ? 0 : length)}, error};
    if (!out.text.empty() && out.text.back() == '\n') {
        out.text.pop_back();
    }
    return out;
}

} // namespace loopmon::proc
