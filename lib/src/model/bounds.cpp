// SPDX-License-Identifier: MIT
#include "model/bounds.hpp"

namespace loopmon::model {

culprit bounded(culprit who) {
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

} // namespace loopmon::model
