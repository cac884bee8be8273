// SPDX-License-Identifier: MIT
//
// One voice for a process to its service manager, which knows of one state and one watchdog. A
// program may have several monitors, its own and those of its libraries:
//
//   READY=1     when all agree that have said they will; one that joins later is not waited for
//   WATCHDOG=1  when each that is ready has pinged since the last one: the silence of one is
//               silence
//   trigger     as soon as one asks for it
//   WATCHDOG_USEC=  the shortest that one wants which is ready
//   STATUS=     that of each, "nominal: 1 loop, 3 active tasks; stalled: ..."
//   STOPPING=1  when the last one stops; one that ends before leaves the others in charge
//
// Two copies of the library in one process (each linked statically into a shared object of its own)
// do not know of each other: each is a voice.
#pragma once

#include "model/notifier.hpp"

#include <memory>

namespace loopmon::detail {

/// Joins what the monitors of this process say to the service manager. The first one reads the
/// environment, for all until the last one leaves.
[[nodiscard]] std::unique_ptr<model::notifier> join_service_voice();

} // namespace loopmon::detail
