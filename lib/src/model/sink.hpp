// SPDX-License-Identifier: MIT
#pragma once

#include "model/event.hpp"

#include <loopmon/source_location.hpp>

#include <chrono>
#include <string>

namespace loopmon::model {

/// Where events go. Never throws and never blocks on a journal, a bus or a disk.
class sink {
public:
    virtual ~sink() = default;
    /// @param where the source location that the journal shows
    virtual void publish(const event& happened,
                         const source_location& where = source_location::current()) noexcept = 0;
    /// What the record of an event says in one line, for the status of a unit.
    [[nodiscard]] virtual std::string text_of(const event& happened) = 0;
    /// Waits until what was published has left the process, at most `patience`: the last words
    /// before a trip.
    virtual void flush(std::chrono::milliseconds patience) noexcept = 0;
};

} // namespace loopmon::model
