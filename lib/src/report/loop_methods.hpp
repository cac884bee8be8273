// SPDX-License-Identifier: MIT
//
// The methods of org.loopmon1.Loop. Each sends its reply, or returns a negative errno, or what
// sd_bus_error_setf() does.
#pragma once

#include "report/bus_object.hpp"

namespace loopmon::report {

int list_tasks(model& source, model::id loop, sd_bus_message* call);
int list_tasks_after(model& source, model::id loop, sd_bus_message* call);
int list_tasks_by_name(model& source, model::id loop, sd_bus_message* call);
int list_stalls(model& source, model::id loop, sd_bus_message* call);
int get_history(model& source, model::id loop, sd_bus_message* call);
int get_histogram(model& source, model::id loop, sd_bus_message* call, sd_bus_error* error);

} // namespace loopmon::report
