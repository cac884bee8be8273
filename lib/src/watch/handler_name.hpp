// SPDX-License-Identifier: MIT
#pragma once

#include "measure/handler_tag.hpp"
#include "measure/loop_tracking.hpp"
#include "measure/task_table.hpp"
#include "model/event.hpp"

#include <cstdint>
#include <string>

namespace loopmon::watch {

/// OBJECT.OPERATION; a handler that has but one name has no operation.
inline std::string name_of(const char* object, const char* operation) {
    return operation == measure::no_operation ? object : std::string(object) + '.' + operation;
}

/// What the tracking knows of a handler: its name, and its task with the place that spawned it.
/// @param task id, zero: none
inline void identify(model::culprit& who, const char* object, const char* operation,
                     std::uint64_t task) {
    who.handler = name_of(object, operation);
    if (const auto found = measure::find_task(task)) {
        who.task = found->name;
        who.spawned = found->file + ':' + std::to_string(found->line);
    }
}

} // namespace loopmon::watch
