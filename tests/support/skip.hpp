// SPDX-License-Identifier: MIT
#pragma once

#include "support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

namespace loopmon::test {

/// Call it in a test that cannot prove anything on this machine, before it returns: ctest then
/// shows the test as skipped, and tests/run.sh prints its name and the reason. Catch2 2 has nothing
/// for that; SKIP_REGULAR_EXPRESSION in tests/CMakeLists.txt matches what this prints.
inline void skip(const std::string& reason) {
    const auto name = Catch::getResultCapture().getCurrentTestName();
    WARN("SKIPPED: " << reason);
    if (const char* const log = std::getenv("LOOPMON_SKIP_LOG")) {
        std::ofstream(log, std::ios::app) << name << ": " << reason << '\n';
    }
}

} // namespace loopmon::test
