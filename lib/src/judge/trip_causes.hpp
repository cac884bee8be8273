// SPDX-License-Identifier: MIT
#pragma once

#include "model/level.hpp"

#include <initializer_list>

namespace loopmon::judge {

/// Causes of lag for which the gate trips: those that always do, and of those about which
/// there can be two opinions (loopmon/cause.hpp) the ones that are listed.
class trip_causes {
public:
    constexpr trip_causes(std::initializer_list<cause> listed) noexcept {
        for (const auto why : listed) {
            insert(why);
        }
    }
    constexpr void insert(cause why) noexcept { listed_ |= bit(why); }

    [[nodiscard]] constexpr bool contains(cause why) const noexcept {
        const auto& row = info_of(why);
        return row.trips == cause_trips::always ||
               (may_be_listed(row) && (listed_ & bit(why)) != 0);
    }

    constexpr bool operator==(const trip_causes&) const noexcept = default;

private:
    static constexpr unsigned bit(cause why) noexcept { return 1U << static_cast<unsigned>(why); }
    unsigned listed_ = 0;
};

} // namespace loopmon::judge
