// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

/// Standard error goes to a pipe that is full, until it is released: writers wait, as for a
/// journal that hangs.
class stuck_stderr {
public:
    stuck_stderr() : saved_(::dup(STDERR_FILENO)) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
            const std::array<char, 4096> filler{};
            while (::write(ends[1], filler.data(), filler.size()) > 0) {
            }
            (void)::fcntl(ends[1], F_SETFL, 0); // blocking from here on
            ::dup2(ends[1], STDERR_FILENO);
            ::close(ends[1]);
            read_end_ = ends[0];
        }
    }
    stuck_stderr(const stuck_stderr&) = delete;
    stuck_stderr& operator=(const stuck_stderr&) = delete;
    ~stuck_stderr() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        ::close(read_end_);
    }

    void release() { (void)text(); }

    /// What was written since the last call. Makes room for more.
    [[nodiscard]] std::string text() const {
        std::string out;
        std::array<char, 4096> part{};
        for (ssize_t n = 0; (n = ::read(read_end_, part.data(), part.size())) > 0;) {
            std::copy_if(part.begin(), part.begin() + n, std::back_inserter(out),
                         [](char c) { return c != '\0'; });
        }
        return out;
    }

private:
    int saved_;
    int read_end_ = -1;
};
