// SPDX-License-Identifier: MIT
#pragma once

#include "report/flight_record.hpp"
#include "report/state_file.hpp"

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

namespace loopmon::report {

/// Keeps the last flight record: in the state directory, and in memory, so that no reader
/// waits for a disk. Thread-safe.
class flight_log {
public:
    /// Reads what an earlier process has left; what is not a flight record counts as none, and is
    /// set aside.
    /// @param directory empty: kept in memory only
    explicit flight_log(const std::filesystem::path& directory);

    /// What was wrong with it, as a line for the journal; empty: nothing.
    [[nodiscard]] const std::string& problem() const { return problem_; }

    /// Blocks on the disk.
    /// @throws std::system_error; the record is kept in memory anyway
    void save(const flight_record& last);
    /// JSON; empty: none.
    [[nodiscard]] std::string text() const;
    /// Which trip of all it is of; 0: none.
    [[nodiscard]] std::uint64_t n_trips() const;
    /// Where it is kept; empty: nowhere.
    [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }

private:
    const state_file file_;
    std::string problem_;
    mutable std::mutex mutex_;
    std::string text_;
    std::uint64_t n_trips_ = 0;
};

} // namespace loopmon::report
