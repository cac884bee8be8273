// SPDX-License-Identifier: MIT
//
// What the machine has to do with a stall: how short of CPU its control group is. With cgroup
// v2 the group's pressure counts, which is that of the service and not of the whole machine;
// without, /proc/pressure is all there is. Neither is seen in a sandbox that hides it
// (ProcSubset=pid takes /proc/pressure away, control groups stay).
#pragma once

#include "proc/proc_file.hpp"
#include "proc/thread_snapshot.hpp"

#include <optional>
#include <string>
#include <vector>

namespace loopmon::proc {

/// Everything may be absent.
struct machine_load {
    std::optional<double> cpu_pressure; ///< share of the last 10 s in which some thread waited for
                                        ///< a CPU, in percent
    std::optional<double> cpu_limit;    ///< CPUs that cpu.max of the control group allows, or that
                                        ///< of one around it if that is less
    bool frozen = false;                ///< the control group is, or was until just now
};

/// Where the control group of version 2 is.
struct control_group {
    std::string mount;
    std::string path; ///< below the mount; of a group that does not exist: there is none
};

/// Finds the control group once and keeps its files open. One thread at a time.
class machine_reader {
public:
    /// @param root stands before /proc and /sys: a directory of a test's own
    explicit machine_reader(const std::string& root = {});

    [[nodiscard]] machine_load sample();

private:
    machine_reader(const std::string& root, const control_group& group);

    proc_file own_pressure_, system_pressure_, events_;
    std::vector<proc_file> limits_; ///< of the group and of those around it
};

/// "cpu pressure 37% (10 s), ran 4 ms late of 50 ms"; empty if nothing is known. How late the
/// thread ran is left out under 1 ms, since every thread waits a little.
[[nodiscard]] std::string machine_text(const thread_snapshot& earlier, const thread_snapshot& later,
                                       const machine_load& load);

} // namespace loopmon::proc
