// SPDX-License-Identifier: MIT
#pragma once

#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

/// Standard error goes to a file meanwhile.
class captured_stderr {
public:
    captured_stderr() : saved_(::dup(STDERR_FILENO)) {
        const int file = ::open(path().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        ::dup2(file, STDERR_FILENO);
        ::close(file);
    }
    captured_stderr(const captured_stderr&) = delete;
    captured_stderr& operator=(const captured_stderr&) = delete;
    ~captured_stderr() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
    }
    [[nodiscard]] std::string text() const {
        std::ifstream file(path());
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    [[nodiscard]] std::string path() const { return dir_.path() / "stderr"; }
    loopmon::test::temporary_directory dir_;
    int saved_;
};
