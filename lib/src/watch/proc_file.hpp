// SPDX-License-Identifier: MIT
//
// A file of /proc or of a control group that is read again and again. The descriptor stays open: a
// read costs 1..20 us then, and less than half of what opening it each time does.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace loopmon::watch {

class proc_file {
public:
    /// Opens nothing yet. A file that is missing or refused reads as absent, then and later: what a
    /// kernel or a sandbox does not show, it will not show the next time either.
    explicit proc_file(std::string path) : path_(std::move(path)) {}
    proc_file(proc_file&& from) noexcept;
    proc_file& operator=(proc_file&& from) noexcept;
    ~proc_file();

    /// @return the present text without its last line feed, valid until the next read; nothing if
    ///         the file is absent or can be read no more (the thread it tells of has ended)
    [[nodiscard]] std::optional<std::string_view> read() noexcept;

private:
    void close() noexcept;

    static constexpr int unopened = -1;
    static constexpr int absent = -2;

    std::string path_;
    int fd_ = unopened;
    // A thread's `status` is the longest that is read, about 1.5 KB; its last lines count.
    std::array<char, 4096> text_;
};

} // namespace loopmon::watch
