// SPDX-License-Identifier: MIT
#include "proc/thread_signals.hpp"

#include "proc/task_directory.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

namespace loopmon::proc {

namespace {

/// What follows the key, in the line that begins with it; empty if there is none.
std::string value_of(std::string_view text, std::string_view key) {
    for (auto at = text.find(key); at != text.npos; at = text.find(key, at + 1)) {
        if (at == 0 || text[at - 1] == '\n') {
            const auto rest = text.substr(at + key.size());
            return std::string(rest.substr(0, rest.find('\n')));
        }
    }
    return {};
}

} // namespace

thread_signal look_at_signal(pid_t tid, int signal) {
    const auto status = read_task_file(tid, "status").text;
    // "SigPnd:\t0000000000000000": hexadecimal, signal 1 is the lowest bit.
    const auto holds = [&](std::string_view key) {
        const auto set = std::strtoull(value_of(status, key).c_str(), nullptr, 16);
        return signal > 0 && (set >> (signal - 1) & 1) != 0;
    };
    return {holds("SigPnd:"), holds("SigBlk:"),
            std::strtoull(value_of(status, "voluntary_ctxt_switches:").c_str(), nullptr, 10)};
}

} // namespace loopmon::proc
