// SPDX-License-Identifier: MIT
#include "report/bounded_text.hpp"

#include "report/message.hpp"

namespace loopmon::report {

judge::culprit bounded(judge::culprit who) {
    for (auto* const name :
         {&who.handler, &who.task, &who.spawned, &who.syscall, &who.waiting_in, &who.machine}) {
        *name = bounded_text(*name, longest_name);
    }
    return who;
}

std::vector<std::string> bounded_lines(std::vector<std::string> lines) {
    if (lines.size() > most_frames) {
        lines.resize(most_frames);
    }
    for (auto& line : lines) {
        line = bounded_text(line, longest_frame);
    }
    return lines;
}

record bounded(record entry) {
    for (auto* const text : {&entry.text, &entry.details}) {
        *text = bounded_paragraph(*text, longest_entry);
    }
    for (auto& [name, value] : entry.fields) {
        value = bounded_paragraph(value, longest_entry);
    }
    return entry;
}

} // namespace loopmon::report
