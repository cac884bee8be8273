// SPDX-License-Identifier: MIT
#pragma once

#include "model/level.hpp"

#include <initializer_list>

namespace loopmon::judge {

/// Causes of lateness for which the gate trips. `unknown` always is one: a stall whose evidence
/// could not be read is not excused for that. `paused` and `traced` never are: an end would only
/// punish whoever stopped the process on purpose.
class trip_causes {
public:
    constexpr trip_causes(std::initializer_list<cause> listed) noexcept {
        for (const auto why : listed) {
            insert(why);
        }
    }
    constexpr void insert(cause why) noexcept { listed_ |= bit(why); }

    [[nodiscard]] constexpr bool contains(cause why) const noexcept {
        switch (why) {
        case cause::none: // late, and the judge has not graded it (yet)
        case cause::unknown:
            return true;
        case cause::paused:
        case cause::traced:
            return false;
        default:
            return (listed_ & bit(why)) != 0;
        }
    }

    constexpr bool operator==(const trip_causes&) const noexcept = default;

private:
    static constexpr unsigned bit(cause why) noexcept { return 1U << static_cast<unsigned>(why); }
    unsigned listed_ = 0;
};

} // namespace loopmon::judge
