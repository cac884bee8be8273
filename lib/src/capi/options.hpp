// SPDX-License-Identifier: MIT
//
// The options of loopmon.h as those of the C++ interface, which check them.
#pragma once

#include <loopmon/loopmon.h>
#include <loopmon/options.hpp>

#include <string>
#include <vector>

namespace loopmon::capi {

// NULL: the defaults. All throw std::invalid_argument for what is not of this library's version,
// and std::bad_alloc.
[[nodiscard]] monitor_settings settings_of(const loopmon_settings* given);
[[nodiscard]] monitor_options options_of(const loopmon_monitor_options* given);
[[nodiscard]] watch_options options_of(const loopmon_watch_options* given);
[[nodiscard]] loopmon_loop_ops ops_of(const loopmon_loop_ops& given);

/// @param given NULL: none
[[nodiscard]] std::string text_of(const char* given);
/// @param given ends with NULL; NULL: none
[[nodiscard]] std::vector<std::string> list_of(const char* const* given);

} // namespace loopmon::capi
