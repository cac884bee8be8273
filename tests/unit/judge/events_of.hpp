// SPDX-License-Identifier: MIT
// Picks events of one kind out of those that a judge has made.
#pragma once

#include "model/event.hpp"

#include <variant>
#include <vector>

namespace loopmon::judge {

template <class Event>
std::vector<Event> made(const events& all) {
    std::vector<Event> found;
    for (const auto& one : all) {
        if (const auto* match = std::get_if<Event>(&one)) {
            found.push_back(*match);
        }
    }
    return found;
}

/// Those that get a record in the journal.
template <class Event>
std::vector<Event> events_of(const events& all) {
    auto found = made<Event>(all);
    std::erase_if(found, [](const Event& one) { return !is_reported(one); });
    return found;
}

} // namespace loopmon::judge
