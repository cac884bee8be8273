// SPDX-License-Identifier: MIT
//
// Which stalls are to be signalled. The signals are made from what is seen now and what was
// signalled before, not from events: so a stall of a time without a bus is signalled when there is
// one again, and none is signalled twice.
#pragma once

#include "model/status.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace loopmon::bus {

/// For the stalls of one loop, whose episodes are numbered upwards and come one after another.
class stall_signals {
public:
    /// @return false if it could not be sent: it is tried again at the next call then
    using send = std::function<bool(const stall_status&)>;

    /// Calls `began` and `ended` once for each stall, in their order.
    /// @param stalls all that are known, the newest last
    void update(std::span<const stall_status> stalls, const send& began, const send& ended);

    /// True while the begin of a stall has been signalled without its end: update() has to follow
    /// it.
    [[nodiscard]] bool awaits_end() const { return open_.has_value(); }

private:
    bool signal_end(std::span<const stall_status> stalls, const send& ended);

    std::uint64_t last_began_ = 0;     ///< the newest that was signalled
    std::optional<stall_status> open_; ///< as it was seen last
};

} // namespace loopmon::bus
