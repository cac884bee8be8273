// SPDX-License-Identifier: MIT
#include "report/record.hpp"

namespace loopmon::report {

record bounded(record entry) {
    for (auto* const text : {&entry.text, &entry.details}) {
        *text = bounded_paragraph(*text, max_entry);
    }
    for (auto& [name, value] : entry.fields) {
        value = bounded_paragraph(value, max_entry);
    }
    return entry;
}

} // namespace loopmon::report
