// SPDX-License-Identifier: MIT
// Catch2 2 (Debian 12) and 3 (Debian 13) for the same test source.
#pragma once

#if defined(LOOPMON_CATCH2_V3)
#include <catch2/catch_all.hpp>
namespace Catch {
using Matchers::ContainsSubstring;
}
#else
#include <catch2/catch.hpp>
namespace Catch {
inline auto ContainsSubstring(const std::string& text) {
    return Matchers::Contains(text);
}
} // namespace Catch
#endif
