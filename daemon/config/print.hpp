// SPDX-License-Identifier: MIT
#pragma once

#include "config/load.hpp"

#include <iosfwd>

namespace loopmond {

/// Writes the effective configuration as TOML that load_config() accepts and reads back as the same
/// values; a comment on each line names the source of the value. `loaded` has no errors.
void print_config(const load_result& loaded, std::ostream& out);

} // namespace loopmond
