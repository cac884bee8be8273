// SPDX-License-Identifier: MIT
//
// A file of /proc or of a control group that is read repeatedly. The descriptor stays open: a
// read costs 1..20 us then, and less than half of what opening it each time does. If the program
// has closed it, it is opened again.
#pragma once

#include "base/kept_fd.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace loopmon::proc {

class proc_file {
public:
    /// Opens nothing yet. A file that is missing or refused reads as absent, then and later: what a
    /// kernel or a sandbox does not show, it will not show the next time either.
    explicit proc_file(std::string path) : path_(std::move(path)) {}

    /// Opens it now: later, the program may not see it any more.
    void open() noexcept;

    /// @return the present text without its last line feed, valid until the next read; nothing if
    ///         the file is absent or can no longer be read (the thread that it describes has ended)
    [[nodiscard]] std::optional<std::string_view> read() noexcept;

private:
    std::string path_;
    base::kept_fd file_;
    bool absent_ = false;
    // A thread's `status` is the longest that is read, about 1.5 KB; its last lines count.
    std::array<char, 4096> text_;
};

} // namespace loopmon::proc
