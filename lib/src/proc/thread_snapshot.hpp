// SPDX-License-Identifier: MIT
//
// One look at a thread of this process, from another thread of it; the thread is not disturbed.
// Needs no privilege: threads of one process may look at each other. What a kernel
// (CONFIG_SCHED_INFO, CONFIG_KALLSYMS), a sandbox (/proc not mounted) or a change of the user id in
// the process itself (/proc/self then belongs to root) does not show is absent, never an error.
#pragma once

#include "model/stall_evidence.hpp"
#include "model/time.hpp"
#include "proc/proc_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace loopmon::proc {

/// A system call that a thread is blocked in.
struct blocked_call {
    long number = 0;         ///< of the architecture, SYS_read and the like
    unsigned long first = 0; ///< its first argument: the descriptor, if it takes one
};

struct thread_snapshot {
    model::time_point when{};                 ///< to which `cpu` belongs
    bool gone = false;                        ///< the thread has ended; the rest is absent
    char state = 0;                           ///< R, S, D, T, t, ... of proc(5); 0: absent
    std::optional<model::duration> cpu;       ///< that it ran, in total
    bool cpu_exact = false;                   ///< by its clock: a slice not over yet is in it
    std::optional<model::duration> run_delay; ///< ready and not running, in total; a wait
                                              ///< that is not over yet is not in it
    std::optional<std::uint64_t> voluntary_sleeps;
    std::optional<std::uint64_t> major_faults;
    std::optional<blocked_call> call;
    bool ready = false;    ///< not blocked, by the file that names the call
    bool faulting = false; ///< blocked outside of any call: its memory is not there yet
    std::string wchan;     ///< the kernel function that it sleeps in; empty: none, or absent
    bool traced = false;   ///< a debugger or strace is attached to it
};

/// How long a thread of this process has been on a CPU so far, by its CPU clock. That includes the
/// time slice that is not over yet, which schedstat and stat do not, and needs no /proc. Nothing
/// for a thread that is gone.
[[nodiscard]] std::optional<model::duration> cpu_time(pid_t thread);

/// Whether the text of /proc/PID/status names a process that traces this one. One outside of the
/// PID namespace of that /proc has no name there.
[[nodiscard]] bool is_traced(std::string_view status);

/// Looks at one thread. Opens its files at the first look, in about 0.1 ms; later looks take about
/// 0.05 ms. One thread at a time.
class thread_reader {
public:
    explicit thread_reader(pid_t thread);

    [[nodiscard]] pid_t thread() const noexcept { return thread_; }

    /// Reads the clock itself: durations and points in time must be of the same moment, and the
    /// watcher may have done much since it woke up.
    [[nodiscard]] thread_snapshot sample();

private:
    pid_t thread_;
    proc_file stat_, schedstat_, status_, syscall_, wchan_;
};

[[nodiscard]] model::thread_activity activity(const thread_snapshot& seen);

/// What two looks of one probe prove, for judge::classify(). An `earlier` that is `later` itself,
/// or of another stall, is not a second look: leave it out.
[[nodiscard]] model::stall_evidence evidence(const thread_snapshot& earlier,
                                             const thread_snapshot& later,
                                             std::optional<model::duration> handler_age,
                                             model::duration turn_age,
                                             std::uint64_t handlers_in_turn);
/// With one look only.
[[nodiscard]] model::stall_evidence evidence(const thread_snapshot& only,
                                             std::optional<model::duration> handler_age,
                                             model::duration turn_age,
                                             std::uint64_t handlers_in_turn);

} // namespace loopmon::proc
