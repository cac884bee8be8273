// SPDX-License-Identifier: MIT
#pragma once

namespace loopmond {

/// What the process returns to its caller; the numbers are part of the interface. 4 and 6 are what
/// systemd knows as NOPERMISSION and NOTCONFIGURED.
enum exit_code : int {
    exit_ok = 0,
    exit_failure = 1,
    exit_usage = 2,
    exit_not_permitted = 4,
    exit_bad_configuration = 6,
};

} // namespace loopmond
