// SPDX-License-Identifier: MIT
#pragma once

#include "model/notifier.hpp"

#include <memory>

namespace loopmon::detail {

/// Sends to $NOTIFY_SOCKET as it was at this call, or to nobody if there is none; goes on to do so
/// where that path cannot be seen any more (chroot). Status text is made to be one line of
/// at most 1 KiB.
[[nodiscard]] std::unique_ptr<model::notifier> make_sd_notifier();

} // namespace loopmon::detail
