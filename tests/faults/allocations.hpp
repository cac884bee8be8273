// SPDX-License-Identifier: MIT
#pragma once

namespace faults {

/// From now on every nth allocation on a thread of the monitor fails; 0: none does.
void fail_every(unsigned nth);
/// Allocations that were made to fail.
[[nodiscard]] unsigned long failed_allocations();

} // namespace faults
