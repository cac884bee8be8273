// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

/// Standard error goes to a pipe meanwhile, as to a log service. What is written must fit into it:
/// 64 KiB.
class captured_stderr {
public:
    captured_stderr() : saved_(::dup(STDERR_FILENO)) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
            ::dup2(ends[1], STDERR_FILENO);
            ::close(ends[1]);
            read_end_ = ends[0];
        }
    }
    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;
    ~captured_stderr() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        ::close(read_end_);
    }

    /// What was written since the last call.
    [[nodiscard]] std::string text() const {
        std::string out;
        std::array<char, 4096> part{};
        for (ssize_t n = 0; (n = ::read(read_end_, part.data(), part.size())) > 0;) {
            out.append(part.data(), static_cast<std::size_t>(n));
        }
        return out;
    }

private:
    int saved_;
    int read_end_ = -1;
};
