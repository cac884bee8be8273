// SPDX-License-Identifier: MIT
#include "proc/thread_snapshot.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>
#include <string_view>

#include <sys/syscall.h>
#include <unistd.h>

namespace loopmon::proc {

namespace {

using model::duration;
using model::thread_activity;

/// Takes the next word off `text`; empty at its end.
std::string_view next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size()));
    const auto word = text.substr(0, text.find_first_of(" \t\n"));
    text.remove_prefix(word.size());
    return word;
}

template <class Number>
std::optional<Number> number(std::string_view word, int base = 10) {
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    return error == std::errc() && end != word.data() ? std::optional(value) : std::nullopt;
}

/// The number in the line "KEY:\tNUMBER" of /proc/PID/status.
std::optional<std::uint64_t> field(std::string_view status, std::string_view key) {
    for (auto at = status.find(key); at != std::string_view::npos; at = status.find(key, at + 1)) {
        if (at == 0 || status[at - 1] == '\n') {
            status.remove_prefix(at + key.size());
            return number<std::uint64_t>(next_word(status));
        }
    }
    return std::nullopt;
}

/// The letter in the line "State:\tS (sleeping)" of it; 0: there is none.
char state_in(std::string_view status) {
    constexpr std::string_view key = "\nState:\t";
    const auto at = status.find(key);
    return at != std::string_view::npos && at + key.size() < status.size() ? status[at + key.size()]
                                                                           : char{};
}

/// Both clocks of one moment. Whoever looks may be interrupted between the two, for longer than a
/// stall: a thread that ran all the time would seem not to have.
void read_clocks(pid_t thread, thread_snapshot& seen) {
    constexpr auto close_enough = std::chrono::microseconds(200);
    constexpr int attempts = 5;
    auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < attempts; ++i) {
        seen.cpu = cpu_time(thread);
        seen.when = std::chrono::steady_clock::now();
        if (seen.when - before < close_enough) {
            break;
        }
        before = seen.when;
    }
    seen.cpu_exact = seen.cpu.has_value();
}

duration from_ticks(std::uint64_t ticks) {
    static const auto per_second = std::max(1L, ::sysconf(_SC_CLK_TCK));
    return std::chrono::nanoseconds(ticks * 1'000'000'000 / static_cast<std::uint64_t>(per_second));
}

void read_stat(std::string_view text, thread_snapshot& seen) {
    // The name in parentheses may contain anything, so what counts is behind the last one.
    const auto name_end = text.rfind(')');
    if (name_end == std::string_view::npos) {
        return;
    }
    text.remove_prefix(name_end + 1);
    // Numbered as in proc(5): state is the 3rd field, minflt 10th, majflt 12th, utime 14th.
    std::array<std::string_view, 16> fields{};
    for (std::size_t i = 3; i < fields.size(); ++i) {
        fields[i] = next_word(text);
    }
    seen.state = fields[3].empty() ? char{} : fields[3].front();
    seen.major_faults = number<std::uint64_t>(fields[12]);
    const auto user = number<std::uint64_t>(fields[14]);
    const auto system = number<std::uint64_t>(fields[15]);
    if (!seen.cpu && user && system) {
        seen.cpu = from_ticks(*user + *system);
    }
}

void read_schedstat(std::string_view text, thread_snapshot& seen) {
    const auto cpu = number<std::uint64_t>(next_word(text));
    const auto delay = number<std::uint64_t>(next_word(text));
    // Without CONFIG_SCHED_INFO the file reads "0 0 0", and nothing can have run for no time.
    if (cpu && delay && *cpu != 0) {
        seen.run_delay = std::chrono::nanoseconds(*delay);
        seen.cpu = seen.cpu ? seen.cpu : std::chrono::nanoseconds(*cpu);
    }
}

/// "running", or "-1 SP PC" when blocked outside of a call, or "NUMBER ARG0 .. ARG5 SP PC".
void read_syscall(std::string_view text, thread_snapshot& seen) {
    const auto word = next_word(text);
    seen.ready = word == "running";
    const auto call = number<long>(word);
    auto first = next_word(text);
    if (!call) {
        return;
    }
    if (*call < 0) {
        seen.faulting = true;
        return;
    }
    first.remove_prefix(std::min<std::size_t>(2, first.size())); // 0x
    seen.call = {*call, number<unsigned long>(first, 16).value_or(0)};
}

/// Calls that wait for storage, also where the thread sleeps interruptibly in them (FUSE, NFS).
bool waits_for_storage(long call) {
    constexpr std::array<long, 6> calls{
        SYS_fsync,           SYS_fdatasync, SYS_msync, SYS_sync, SYS_syncfs,
#ifdef SYS_sync_file_range
        SYS_sync_file_range,
#else
        SYS_sync_file_range2, // its name on 32-bit ARM and PowerPC
#endif
    };
    return std::find(calls.begin(), calls.end(), call) != calls.end();
}

thread_activity asleep_in(const thread_snapshot& seen) {
    return seen.faulting || (seen.call && waits_for_storage(seen.call->number))
               ? thread_activity::disk
               : thread_activity::asleep;
}

/// Where there is no state, the other files still say whether the thread is blocked.
thread_activity stateless_activity(const thread_snapshot& seen) {
    if (seen.ready) {
        return thread_activity::runnable;
    }
    const bool blocked = seen.faulting || seen.call || !seen.wchan.empty();
    return blocked ? asleep_in(seen) : thread_activity::unknown;
}

/// The freezer of control groups shows its threads as D (version 1) or S (version 2).
bool is_frozen(const thread_snapshot& seen) {
    return seen.wchan == "__refrigerator" || seen.wchan == "do_freezer_trap";
}

} // namespace

// As clock_gettime(2) numbers the clocks of threads: ~TID in the upper bits, 4 for "of a thread", 2
// for "in nanoseconds".
std::optional<duration> cpu_time(pid_t thread) {
    const auto clock = static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3U) | 6U);
    timespec time{};
    if (::clock_gettime(clock, &time) != 0) {
        return std::nullopt;
    }
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

bool is_traced(std::string_view status) {
    return field(status, "TracerPid:").value_or(0) != 0;
}

thread_reader::thread_reader(pid_t thread)
    : thread_(thread),
      stat_("/proc/self/task/" + std::to_string(thread) + "/stat"),
      schedstat_("/proc/self/task/" + std::to_string(thread) + "/schedstat"),
      status_("/proc/self/task/" + std::to_string(thread) + "/status"),
      syscall_("/proc/self/task/" + std::to_string(thread) + "/syscall"),
      wchan_("/proc/self/task/" + std::to_string(thread) + "/wchan") {}

thread_snapshot thread_reader::sample() {
    thread_snapshot seen;
    read_clocks(thread_, seen);
    const bool has_clock = seen.cpu_exact;
    if (const auto text = schedstat_.read()) {
        read_schedstat(*text, seen);
    }
    if (const auto text = stat_.read()) {
        read_stat(*text, seen);
    }
    if (const auto text = status_.read()) {
        seen.traced = is_traced(*text);
        seen.state = seen.state != 0 ? seen.state : state_in(*text);
        seen.voluntary_sleeps = field(*text, "voluntary_ctxt_switches:");
    }
    if (!has_clock && seen.state == 0) {
        seen.gone = true;
        return seen;
    }
    if (const auto text = syscall_.read()) {
        read_syscall(*text, seen);
    }
    if (const auto text = wchan_.read(); text && *text != "0") {
        seen.wchan = *text;
    }
    return seen;
}

thread_activity activity(const thread_snapshot& seen) {
    if (seen.gone || seen.state == 'Z' || seen.state == 'X') {
        return thread_activity::gone;
    }
    if (is_frozen(seen)) {
        return thread_activity::stopped;
    }
    switch (seen.state) {
    case 'R':
        return thread_activity::runnable;
    case 'S':
        return asleep_in(seen);
    case 'D':
        return thread_activity::disk;
    case 'T':
    case 't':
        return thread_activity::stopped;
    case 0:
        return stateless_activity(seen);
    default:
        return thread_activity::unknown;
    }
}

model::stall_evidence evidence(const thread_snapshot& earlier, const thread_snapshot& later,
                               std::optional<duration> handler_age, duration turn_age,
                               std::uint64_t handlers_in_turn) {
    auto seen = evidence(later, handler_age, turn_age, handlers_in_turn);
    seen.before = activity(earlier);
    // Two sources of CPU time have no difference.
    if (!earlier.cpu || !later.cpu || earlier.cpu_exact != later.cpu_exact) {
        return seen;
    }
    model::thread_progress did;
    did.wall = later.when - earlier.when;
    did.cpu = *later.cpu - *earlier.cpu;
    did.cpu_exact = earlier.cpu_exact && later.cpu_exact;
    if (earlier.run_delay && later.run_delay) {
        did.run_delay = *later.run_delay - *earlier.run_delay;
    }
    if (earlier.voluntary_sleeps && later.voluntary_sleeps) {
        did.voluntary_sleeps = *later.voluntary_sleeps - *earlier.voluntary_sleeps;
    }
    if (earlier.major_faults && later.major_faults) {
        did.major_faults = *later.major_faults - *earlier.major_faults;
    }
    seen.progress = did;
    return seen;
}

model::stall_evidence evidence(const thread_snapshot& only, std::optional<duration> handler_age,
                               duration turn_age, std::uint64_t handlers_in_turn) {
    return {.now = activity(only),
            .before = model::thread_activity::unknown,
            .traced = only.traced,
            .progress = std::nullopt,
            .handler_age = handler_age,
            .turn_age = turn_age,
            .handlers_in_turn = handlers_in_turn};
}

} // namespace loopmon::proc
