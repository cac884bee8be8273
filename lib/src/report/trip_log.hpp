// SPDX-License-Identifier: MIT
//
// What must survive the kill: the count of trips and the last of them, as JSON in the state
// directory. A file that cannot be read counts as none; one that cannot be written is the caller's
// to report.
#pragma once

#include "judge/time.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace loopmon::report {

struct trip_record {
    std::uint64_t n_trips = 0;
    judge::wall_time when{}; ///< of the last one; epoch: none
    std::string reason = {};
    bool reported = true; ///< a later run has told the journal about it
};

class trip_log {
public:
    /// @param directory empty: nothing is kept
    explicit trip_log(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] trip_record load() const noexcept;
    /// Replaces the file as one (written beside it, then renamed).
    /// @throws std::system_error
    void save(const trip_record& last) const;

private:
    std::filesystem::path directory_;
};

} // namespace loopmon::report
