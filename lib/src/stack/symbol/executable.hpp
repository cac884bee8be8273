// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace loopmon::stack {

/// The file that this process runs, whatever is at its path by now: another one after an upgrade,
/// none after chroot(2).
struct executable {
    std::string path;    ///< as in /proc/self/maps; without /proc, what the program was called by
    int descriptor = -1; ///< the caller's, to be closed; negative: none
};

[[nodiscard]] executable own_executable();

} // namespace loopmon::stack
