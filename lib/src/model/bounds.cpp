// SPDX-License-Identifier: MIT
#include "model/bounds.hpp"

namespace loopmon::model {

culprit bounded(culprit who) {
    for (auto* const name :
         {&who.handler, &who.task, &who.spawned, &who.syscall, &who.waiting_in, &who.machine}) {
        *name = bounded_text(*name, max_name);
    }
    return who;
}

std::vector<std::string> bounded_lines(std::vector<std::string> lines) {
    if (lines.size() > max_frames) {
        lines.resize(max_frames);
    }
    for (auto& line : lines) {
        line = bounded_text(line, max_frame);
    }
    return lines;
}

} // namespace loopmon::model
