// SPDX-License-Identifier: MIT
//
// A text that must survive the process, and if possible the power. What is written when a watchdog
// trips is in a race with the end of the process, so the new text is whole in a file beside before
// the disk is waited for; who is killed while waiting leaves that file, and the next process takes
// it in place of the old one.
#pragma once

#include "base/kept_directory.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace loopmon::report {

class state_file {
public:
    /// More than any text of ours; a file that is longer is none of ours.
    static constexpr std::size_t longest = std::size_t{512} * 1024;

    /// Opens the directory, and keeps it.
    /// @param path empty: nothing is kept
    explicit state_file(std::filesystem::path path);

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    struct content {
        std::string text;    ///< the last that was written as a whole, without its newline
        std::string problem; ///< why there is none, though there is a file; empty: there is no file
        bool corrupt = false; ///< it is not what we have written
    };
    /// Ends a replacement that was interrupted. Does not wait for pipes or devices.
    [[nodiscard]] content read() const;
    /// Replaces the text as one. Blocks on the disk.
    /// @param line without a newline: the newline at the end of the file is the mark of its end
    /// @throws std::system_error
    void replace(const std::string& line) const;

    /// Renames what is there to NAME.corrupt, for a person to look at.
    /// @return what has become of it, as the end of a sentence
    [[nodiscard]] std::string set_aside() const;

    /// Why nothing can be kept there; empty: it can.
    [[nodiscard]] std::string directory_problem() const;

private:
    std::filesystem::path path_;
    std::string name_, beside_;
    std::shared_ptr<base::kept_directory> directory_;
};

} // namespace loopmon::report
