// SPDX-License-Identifier: MIT
#pragma once

#include "proc/proc_file.hpp"
#include "watch/pause_detector.hpp"

namespace loopmon::watch {

/// Reads the clocks that distinguish a pause from a stall. For the thread that reads first.
class clock_reader {
public:
    clock_reader() noexcept;
    [[nodiscard]] clock_reading read() noexcept;

private:
    unsigned cpus_; ///< that this process may use
    proc::proc_file schedstat_{
        "/proc/thread-self/schedstat"}; ///< opened by the thread that is meant
};

} // namespace loopmon::watch
