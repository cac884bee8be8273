// SPDX-License-Identifier: MIT
//
// What a kernel or a sandbox may hide of a thread, in all combinations: the cause that is named is
// the true one or none at all. Above all none that exempts the loop.
#include "judge/classify.hpp"
#include "proc/thread_snapshot.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <sys/syscall.h>

using namespace std::chrono_literals;
using loopmon::judge::classify;
using loopmon::model::cause;
using loopmon::model::duration;
using loopmon::model::to_string;
using loopmon::proc::evidence;
using loopmon::proc::thread_snapshot;

namespace {

/// Two looks at a thread, 50 ms apart, and what may be said of it.
struct stalled {
    const char* what;
    thread_snapshot earlier, later;
    std::vector<cause> allowed; ///< besides cause::unknown
};

thread_snapshot look(char state, duration cpu, duration run_delay, std::uint64_t sleeps) {
    thread_snapshot seen;
    seen.state = state;
    seen.ready = state == 'R';
    seen.cpu = 7s + cpu;
    seen.cpu_exact = true;
    seen.run_delay = 3s + run_delay;
    seen.voluntary_sleeps = 40 + sleeps;
    seen.major_faults = 5;
    return seen;
}

thread_snapshot in_call(thread_snapshot seen, long call, const char* wchan) {
    seen.call = loopmon::proc::blocked_call{call, 3};
    seen.wchan = wchan;
    return seen;
}

std::vector<stalled> stalls() {
    std::vector<stalled> all{
        {"burns", look('R', 0ms, 0ms, 0), look('R', 50ms, 0ms, 0), {cause::cpu}},
        {"burns beside one rival", look('R', 0ms, 0ms, 0), look('R', 27ms, 20ms, 0), {cause::cpu}},
        {"waits for a CPU", look('R', 0ms, 0ms, 0), look('R', 0ms, 0ms, 0), {cause::starved}},
        {"had a turn among many rivals",
         look('R', 0ms, 0ms, 0),
         look('R', 4ms, 45ms, 0),
         {cause::starved}},
        {"reads",
         in_call(look('S', 0ms, 0ms, 0), SYS_read, "pipe_read"),
         in_call(look('S', 0ms, 0ms, 0), SYS_read, "pipe_read"),
         {cause::blocked}},
        {"naps, and is caught awake",
         look('R', 0ms, 0ms, 0),
         look('R', 3ms, 1ms, 90),
         {cause::blocked}},
        {"writes to a disk",
         in_call(look('D', 0ms, 0ms, 0), SYS_write, "io_schedule"),
         in_call(look('D', 0ms, 0ms, 0), SYS_write, "io_schedule"),
         {cause::io, cause::blocked}},
        {"syncs, interruptibly",
         in_call(look('S', 0ms, 0ms, 0), SYS_fsync, "request_wait_answer"),
         in_call(look('S', 0ms, 0ms, 0), SYS_fsync, "request_wait_answer"),
         {cause::io, cause::blocked}},
        {"fell asleep after a long wait for a CPU",
         look('R', 0ms, 0ms, 0),
         in_call(look('S', 1ms, 2s, 1), SYS_read, "pipe_read"),
         {cause::blocked}},
        {"was stopped", look('T', 0ms, 0ms, 0), look('T', 0ms, 0ms, 0), {cause::paused}},
    };
    for (auto& each : all) {
        each.earlier.when += 1000s;
        each.later.when += 1000s + 50ms;
    }
    return all;
}

/// A source of evidence is a bit: what it takes away with it.
constexpr unsigned all_sources = 0b111111;

thread_snapshot without(unsigned hidden, thread_snapshot seen) {
    const auto is_hidden = [hidden](unsigned source) { return (hidden >> source & 1U) != 0; };
    if (is_hidden(0) && is_hidden(1)) { // `status` has a line with the state, too
        seen.state = 0;
    }
    if (is_hidden(0)) { // stat
        seen.major_faults.reset();
    }
    if (is_hidden(1)) { // status
        seen.voluntary_sleeps.reset();
        seen.traced = false;
    }
    if (is_hidden(2)) { // schedstat
        seen.run_delay.reset();
    }
    if (is_hidden(3)) { // syscall
        seen.call.reset();
        seen.ready = seen.faulting = false;
    }
    if (is_hidden(4)) { // wchan
        seen.wchan.clear();
    }
    if (is_hidden(5)) { // the CPU clock; what `schedstat` and `stat` say is as of the last tick
        seen.cpu_exact = false;
        seen.cpu = is_hidden(0) && is_hidden(2) ? std::optional<duration>() : 7s;
    }
    return seen;
}

} // namespace

TEST_CASE("evidence: what is hidden makes no cause a wrong one", "[watch]") {
    for (const auto& stall : stalls()) {
        for (unsigned hidden = 0; hidden <= all_sources; ++hidden) {
            const auto why = classify(evidence(without(hidden, stall.earlier),
                                               without(hidden, stall.later), 100ms, 100ms, 0));
            const bool right =
                std::find(stall.allowed.begin(), stall.allowed.end(), why) != stall.allowed.end();
            CAPTURE(stall.what, hidden, std::string(to_string(why)));
            CHECK((right || why == cause::unknown));
            CHECK((right || hidden != 0)); // with everything in sight it is found
        }
    }
}

TEST_CASE("evidence: without any of /proc the CPU clock finds a thread that burns", "[watch]") {
    constexpr unsigned proc = 0b011111;
    const auto burns = stalls().front();
    CHECK(classify(evidence(without(proc, burns.earlier), without(proc, burns.later), 100ms, 100ms,
                            0)) == cause::cpu);
}

TEST_CASE("evidence: CPU times of two sources have no difference", "[watch]") {
    const auto burns = stalls().front();
    CHECK_FALSE(evidence(burns.earlier, without(0b100000, burns.later), 100ms, 100ms, 0).progress);
}
