// SPDX-License-Identifier: MIT
#pragma once

#include "cause/provocation.hpp"

#include <functional>
#include <memory>
#include <string>

namespace loopmon::test {

using make_provocation = std::function<std::unique_ptr<provocation>()>;

/// Provokes a stall LOOPMON_REPETITIONS times (10 unless set), adds a row to the table of confusion
/// on stdout, and requires the cause each time; from 100 repetitions on, in 99 of 100.
void repeat(const std::string& what, model::cause expected, const make_provocation& make);

} // namespace loopmon::test
