// SPDX-License-Identifier: MIT
// Picks events of one kind out of what a judge has told.
#pragma once

#include "judge/event.hpp"

#include <variant>
#include <vector>

namespace loopmon::judge {

template <class Event>
std::vector<Event> told(const events& all) {
    std::vector<Event> found;
    for (const auto& one : all) {
        if (const auto* match = std::get_if<Event>(&one)) {
            found.push_back(*match);
        }
    }
    return found;
}

} // namespace loopmon::judge
