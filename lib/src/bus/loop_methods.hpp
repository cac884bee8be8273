// SPDX-License-Identifier: MIT
//
// The methods of org.loopmon1.Loop. Each sends its reply, or returns a negative errno, or what
// sd_bus_error_setf() does.
#pragma once

#include "bus/bus_object.hpp"

namespace loopmon::bus {

int list_tasks(queries& source, queries::id loop, sd_bus_message* call);
int list_tasks_after(queries& source, queries::id loop, sd_bus_message* call);
int list_tasks_by_name(queries& source, queries::id loop, sd_bus_message* call);
int list_stalls(queries& source, queries::id loop, sd_bus_message* call);
int get_history(queries& source, queries::id loop, sd_bus_message* call);
int get_histogram(queries& source, queries::id loop, sd_bus_message* call, sd_bus_error* error);

} // namespace loopmon::bus
