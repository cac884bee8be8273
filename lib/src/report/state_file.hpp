// SPDX-License-Identifier: MIT
//
// A text that must survive the process, and if possible the power. What is written when a watchdog
// trips is in a race with the end of the process, so the new text is whole in a file beside before
// the disk is waited for; who is killed while waiting leaves that file, and the next process takes
// it in place of the old one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace loopmon::report {

class state_file {
public:
    /// More than any text of ours; a file that is longer is none of ours.
    static constexpr std::size_t longest = std::size_t{512} * 1024;

    /// @param path empty: nothing is kept
    explicit state_file(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// The last text that was written as a whole, without its newline; empty if there is none. Ends
    /// a replacement that was interrupted.
    [[nodiscard]] std::string read() const;
    /// Replaces the text as one. Blocks on the disk.
    /// @param line without a newline: the newline at the end of the file is the mark of its end
    /// @throws std::system_error
    void replace(const std::string& line) const;

private:
    [[nodiscard]] std::filesystem::path beside() const;

    std::filesystem::path path_;
};

} // namespace loopmon::report
