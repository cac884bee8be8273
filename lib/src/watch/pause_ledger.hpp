// SPDX-License-Identifier: MIT
//
// The spans in which time does not count against a loop, because nobody ran. A handler may be stuck
// for days in a process that something stops six times a second (a CPU limiter), so old spans are
// merged, and none is forgotten: what a merged span says of a part of it is its average.
#pragma once

#include "model/time.hpp"

#include <array>
#include <cstddef>

namespace loopmon::watch {

using model::duration;
using model::time_point;

class pause_ledger {
public:
    /// Spans are added in order.
    /// @pre begin is not before the end of the last one
    void add(time_point begin, time_point end) noexcept;

    /// How much of [begin, end) was paused.
    [[nodiscard]] duration excluded(time_point begin, time_point end) const noexcept;

private:
    struct span {
        time_point begin{}, end{};
        duration paused{}; ///< less than its length if it was merged

        [[nodiscard]] duration overlap(time_point from, time_point to) const noexcept;
    };

    /// The last 64 are known exactly: ten seconds of six stops a second. A delay that has lasted
    /// longer has been reported already.
    static constexpr std::size_t capacity = 128;

    std::array<span, capacity> spans_{};
    std::size_t size_ = 0;
};

} // namespace loopmon::watch
