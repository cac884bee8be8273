// SPDX-License-Identifier: MIT
//
// The values of model/status.hpp as JSON: durations in microseconds and timestamps in microseconds
// since 1970, under the names of the D-Bus properties.
#pragma once

#include "model/status.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace loopmon::model {

[[nodiscard]] std::int64_t json_usec(duration value);
[[nodiscard]] std::int64_t json_usec(wall_time when);

[[nodiscard]] boost::json::array to_json(const std::vector<std::string>& texts);
[[nodiscard]] boost::json::object to_json(const manager_status& manager);
[[nodiscard]] boost::json::object to_json(const lag_summary& window);
/// What is known with handler tracking only is absent without it.
[[nodiscard]] boost::json::object to_json(const loop_status& loop);
[[nodiscard]] boost::json::object to_json(const task_status& task);
[[nodiscard]] boost::json::object to_json(const stall_status& stall);
[[nodiscard]] boost::json::object to_json(const probe_status& probe);
/// What is not known is absent.
[[nodiscard]] boost::json::object to_json(const culprit& who);
/// An array [timestamp, lag max, active tasks, pending handlers], as GetHistory has it.
[[nodiscard]] boost::json::array to_json(const history_entry& second);

} // namespace loopmon::model
