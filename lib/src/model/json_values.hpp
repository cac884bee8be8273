// SPDX-License-Identifier: MIT
//
// The values of model/status.hpp as JSON: durations in microseconds and timestamps in microseconds
// since 1970, under the names of the D-Bus properties.
#pragma once

#include "model/status.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace loopmon::model {

/// Members stay in the order in which they were added.
using json = nlohmann::ordered_json;

/// On one line. What is not UTF-8 is replaced.
/// @throws std::bad_alloc
[[nodiscard]] std::string text_of(const json& value);
/// @throws std::exception for what is not a whole number from 0 on
[[nodiscard]] std::uint64_t count_of(const json& value);

[[nodiscard]] std::int64_t json_usec(duration value);
[[nodiscard]] std::int64_t json_usec(wall_time when);

[[nodiscard]] json to_json(const std::vector<std::string>& texts);
[[nodiscard]] json to_json(const manager_status& manager);
[[nodiscard]] json to_json(const lag_summary& window);
/// What is known with handler tracking only is absent without it.
[[nodiscard]] json to_json(const loop_status& loop);
[[nodiscard]] json to_json(const task_status& task);
[[nodiscard]] json to_json(const stall_status& stall);
[[nodiscard]] json to_json(const probe_status& probe);
/// What is not known is absent.
[[nodiscard]] json to_json(const culprit& who);
/// An array [timestamp, lag max, active tasks, pending handlers], as GetHistory has it.
[[nodiscard]] json to_json(const history_entry& second);

} // namespace loopmon::model
