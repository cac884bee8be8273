// SPDX-License-Identifier: MIT
//
// A configuration in the making: what the sources read so far say, and where they say it. The
// passes over it are apply() for each source, lowest precedence first, then check() once.
#pragma once

#include "config/config.hpp"
#include "config/document.hpp"
#include "config/load.hpp"
#include "config/problem.hpp"

#include <map>
#include <set>
#include <utility>

namespace loopmond {

struct draft {
    config value;
    std::map<setting_id, location> origins; ///< of the values that are not defaults
    /// Keys whose last mention was refused: their value is an older one, about which a second error
    /// would only confuse.
    std::set<setting_id> refused;

    /// Records where a value was given, and whether it was accepted.
    void note(setting_id id, const location& where, bool accepted) {
        if (accepted) {
            refused.erase(id);
            origins[std::move(id)] = where;
        } else {
            refused.insert(std::move(id));
        }
    }
};

/// Lays one source over the draft. What is wrong is appended to `found`; the rest is applied.
void apply(const toml_table& source, draft& onto, problems& found);

/// The part of apply() that concerns `[[service]]`: entries merge by name.
void apply_services(const toml_entry& services, draft& onto, problems& found);

/// Appends what is wrong between keys that are each right. Each such error is located at the later
/// of the two, the one that made them disagree. Means nothing if a source could not be read: what
/// it says is missing here.
void check(const draft& made, problems& found);

} // namespace loopmond
