// SPDX-License-Identifier: MIT
#pragma once

namespace loopmon::stack {

/// Whether the unwinder that this process really runs can be used while another thread holds the
/// loader's lock. If not, it must not be used in a signal handler: the interrupted thread may hold
/// that lock. Tried out once for the process, in well under a millisecond, on a short-lived thread
/// (up to `probe_timeout` where the answer is no).
[[nodiscard]] bool unwinds_without_loader_lock();

} // namespace loopmon::stack
