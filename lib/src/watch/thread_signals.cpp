// SPDX-License-Identifier: MIT
#include "watch/thread_signals.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace loopmon::watch {

thread_signal look_at_signal(pid_t tid, int signal) {
    thread_signal is;
    std::ifstream status("/proc/self/task/" + std::to_string(tid) + "/status");
    for (std::string line; std::getline(status, line);) {
        // "SigPnd:\t0000000000000000": hexadecimal, signal 1 is the lowest bit.
        const auto holds = [&line, signal](std::string_view key) {
            return line.starts_with(key) &&
                   (std::strtoull(line.c_str() + key.size(), nullptr, 16) >> (signal - 1) & 1) != 0;
        };
        is.pending = is.pending || holds("SigPnd:");
        is.blocked = is.blocked || holds("SigBlk:");
    }
    return is;
}

} // namespace loopmon::watch
