// SPDX-License-Identifier: MIT
//
// What must survive the kill: the count of trips and the last of them, as JSON in the state
// directory. A file that cannot be used counts as none, and is set aside. What is wrong is the
// caller's to report.
#pragma once

#include "model/time.hpp"
#include "report/state_file.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace loopmon::report {

struct trip_record {
    std::uint64_t n_trips = 0;
    model::wall_time when{};  ///< of the last one; epoch: none
    std::string reason = {};  ///< one line
    std::string details = {}; ///< the frames that the journal showed with it
    bool reported = true;     ///< a later run has reported it to the journal
};

class trip_log {
public:
    /// @param directory empty: nothing is kept
    explicit trip_log(const std::filesystem::path& directory);

    /// @param problem if there is one, a line for the journal
    [[nodiscard]] trip_record load(std::string* problem = nullptr) const noexcept;
    /// Why no trip can be kept, as a line for the journal; empty: it can.
    [[nodiscard]] std::string directory_problem() const { return file_.directory_problem(); }
    /// Replaces the file as one. Blocks on the disk.
    /// @throws std::system_error
    void save(const trip_record& last) const;

private:
    state_file file_;
};

} // namespace loopmon::report
