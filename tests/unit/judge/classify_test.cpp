// SPDX-License-Identifier: MIT
#include "judge/classify.hpp"

#include "support/catch.hpp"

#include <string>

using namespace std::chrono_literals;
using loopmon::judge::classify;
using loopmon::model::cause;
using loopmon::model::duration;
using loopmon::model::stall_evidence;
using loopmon::model::thread_activity;
using loopmon::model::thread_progress;

namespace Catch {
template <>
struct StringMaker<cause> {
    static std::string convert(cause why) { return std::string(to_string(why)); }
};
} // namespace Catch

namespace {

constexpr auto unknown = thread_activity::unknown;
constexpr auto runnable = thread_activity::runnable;
constexpr auto asleep = thread_activity::asleep;
constexpr auto disk = thread_activity::disk;
constexpr auto stopped = thread_activity::stopped;
constexpr auto gone = thread_activity::gone;

/// One handler holds the loop all the time.
stall_evidence one_handler(thread_activity before, thread_activity now) {
    return {.now = now,
            .before = before,
            .traced = false,
            .progress = std::nullopt,
            .handler_age = 300ms,
            .turn_age = 300ms,
            .handlers_in_turn = 0};
}

stall_evidence one_handler(thread_activity before, thread_activity now, thread_progress did) {
    auto seen = one_handler(before, now);
    seen.progress = did;
    return seen;
}

thread_progress did(duration cpu, duration run_delay, std::uint64_t sleeps = 1,
                    duration wall = 200ms) {
    return {.wall = wall,
            .cpu = cpu,
            .run_delay = run_delay,
            .voluntary_sleeps = sleeps,
            .major_faults = 0};
}

} // namespace

TEST_CASE("classify: the signatures that were measured on real threads", "[judge]") {
    struct signature {
        const char* what;
        thread_activity before, now;
        thread_progress progress;
        loopmon::model::cause cause;
    };
    const auto signature = GENERATE(values<struct signature>({
        {"spin", runnable, runnable, did(200ms, 0ms, 0), cause::cpu},
        {"spin, one rival", runnable, runnable, did(100ms, 100ms, 0), cause::cpu},
        {"spin, three rivals", runnable, runnable, did(48ms, 144ms, 0), cause::starved},
        {"sleep", asleep, asleep, did(0ms, 0ms, 0), cause::blocked},
        {"mutex", asleep, asleep, did(10us, 0ms, 0), cause::blocked},
        {"read", asleep, asleep, did(0ms, 20us, 0), cause::blocked},
        {"fsync", disk, disk, did(0ms, 0ms, 0), cause::io},
        {"fsync, repeatedly", runnable, disk, did(18ms, 4ms, 243), cause::io},
        {"never got the CPU", runnable, runnable, did(0ms, 0ms, 0), cause::starved},
        {"stopped", stopped, stopped, did(0ms, 0ms, 0), cause::paused},
    }));
    CAPTURE(signature.what);
    CHECK(classify(one_handler(signature.before, signature.now, signature.progress)) ==
          signature.cause);
}

TEST_CASE("classify: starved from 60 % of the time in the run queue on", "[judge]") {
    // It slept, so only the kernel's account of the delay counts.
    CHECK(classify(one_handler(runnable, runnable, did(80ms, 120ms))) == cause::starved);
    CHECK(classify(one_handler(runnable, runnable, did(80ms, 120ms - 1ns))) == cause::cpu);
    CHECK(classify(one_handler(asleep, asleep, did(0ms, 120ms))) == cause::starved);
    CHECK(classify(one_handler(asleep, asleep, did(0ms, 120ms - 1ns))) == cause::blocked);
}

TEST_CASE("classify: a wait for the CPU that is not over yet is found by what is missing",
          "[judge]") {
    SECTION("a thread that never slept waited whenever it did not run") {
        CHECK(classify(one_handler(runnable, runnable, did(80ms, 0ms, 0))) == cause::starved);
        CHECK(classify(one_handler(runnable, runnable, did(80ms + 1ns, 0ms, 0))) == cause::cpu);
    }
    SECTION("one that slept in between may have slept all the time") {
        CHECK(classify(one_handler(runnable, runnable, did(80ms, 0ms, 1))) == cause::blocked);
    }
    SECTION("one that was asleep at the earlier look is not known to have been ready") {
        CHECK(classify(one_handler(asleep, runnable, did(10ms, 0ms, 0))) == cause::blocked);
    }
    SECTION("where the kernel does not count sleeps, only one that did not run at all waited") {
        auto progress = did(1us, 0ms);
        progress.voluntary_sleeps.reset();
        progress.run_delay.reset();
        CHECK(classify(one_handler(runnable, runnable, progress)) == cause::unknown);
        progress.cpu = 0ms; // whoever goes to sleep runs before that
        CHECK(classify(one_handler(runnable, runnable, progress)) == cause::starved);
        progress.cpu_exact = false;
        CHECK(classify(one_handler(runnable, runnable, progress)) == cause::unknown);
    }
}

TEST_CASE("classify: cpu if it ran at least as long as it slept", "[judge]") {
    CHECK(classify(one_handler(asleep, asleep, did(100ms, 0ms))) == cause::cpu);
    CHECK(classify(one_handler(asleep, asleep, did(100ms - 1ns, 0ms))) == cause::blocked);
    CHECK(classify(one_handler(runnable, asleep, did(60ms, 80ms))) == cause::cpu);
    CHECK(classify(one_handler(runnable, asleep, did(60ms - 1ns, 80ms))) == cause::blocked);
}

TEST_CASE("classify: what it sleeps in decides between blocked and io", "[judge]") {
    const auto slept = did(1ms, 0ms, 9);
    CHECK(classify(one_handler(asleep, disk, slept)) == cause::io);
    CHECK(classify(one_handler(disk, asleep, slept)) == cause::blocked);
    SECTION("caught between two sleeps, the earlier look decides") {
        CHECK(classify(one_handler(disk, runnable, slept)) == cause::io);
        CHECK(classify(one_handler(asleep, runnable, slept)) == cause::blocked);
        CHECK(classify(one_handler(runnable, runnable, slept)) == cause::blocked);
    }
    SECTION("or one major fault in 10 ms of sleep") {
        auto faulted = did(1ms, 0ms, 9, 101ms);
        faulted.major_faults = 10;
        CHECK(classify(one_handler(runnable, runnable, faulted)) == cause::io);
        faulted.wall += 1ns;
        CHECK(classify(one_handler(runnable, runnable, faulted)) == cause::blocked);
        // A thread that is seen in a call is in that call.
        faulted.wall = 101ms;
        CHECK(classify(one_handler(runnable, asleep, faulted)) == cause::blocked);
    }
}

TEST_CASE("classify: congestion is many handlers, none of them half of the lag", "[judge]") {
    auto seen = one_handler(runnable, runnable, did(200ms, 0ms, 0));
    seen.turn_age = 300ms;
    seen.handlers_in_turn = 10;
    SECTION("none runs at the moment") {
        seen.handler_age.reset();
        CHECK(classify(seen) == cause::congestion);
    }
    SECTION("one is responsible from half on") {
        seen.handler_age = 150ms - 1ns;
        CHECK(classify(seen) == cause::congestion);
        seen.handler_age = 150ms;
        CHECK(classify(seen) == cause::cpu);
    }
    SECTION("nine are not many") {
        seen.handler_age = 1ms;
        seen.handlers_in_turn = 9;
        CHECK(classify(seen) == cause::cpu);
    }
    SECTION("whatever the short ones do") {
        seen.handler_age = 1ms;
        seen.now = disk;
        seen.progress = did(1ms, 0ms, 100);
        CHECK(classify(seen) == cause::congestion);
    }
    SECTION("but not on a machine that is short of CPU") {
        seen.handler_age = 1ms;
        seen.progress = did(40ms, 160ms, 0);
        CHECK(classify(seen) == cause::starved);
    }
    SECTION("one look is enough") {
        seen.handler_age = 1ms;
        seen.progress.reset();
        CHECK(classify(seen) == cause::congestion);
    }
}

TEST_CASE("classify: who stopped the thread comes before what it did", "[judge]") {
    auto seen = one_handler(runnable, runnable, did(200ms, 0ms, 0));
    seen.handlers_in_turn = 2000;
    seen.handler_age = 0ms;
    SECTION("a debugger, even if it lets the thread run") {
        seen.traced = true;
        CHECK(classify(seen) == cause::traced);
        seen.now = stopped;
        CHECK(classify(seen) == cause::traced);
    }
    SECTION("a stop signal or the freezer") {
        seen.now = stopped;
        CHECK(classify(seen) == cause::paused);
    }
    SECTION("one that is over is not the reason") {
        seen.before = stopped;
        CHECK(classify(seen) == cause::congestion);
    }
}

TEST_CASE("classify: one look says what state alone allows", "[judge]") {
    CHECK(classify(one_handler(unknown, asleep)) == cause::blocked);
    CHECK(classify(one_handler(unknown, disk)) == cause::io);
    CHECK(classify(one_handler(unknown, stopped)) == cause::paused);
    CHECK(classify(one_handler(unknown, runnable)) == cause::unknown); // cpu or starved
    CHECK(classify(one_handler(unknown, gone)) == cause::unknown);
    CHECK(classify(one_handler(unknown, unknown)) == cause::unknown);
    SECTION("two at the same moment are one") {
        CHECK(classify(one_handler(runnable, runnable, did(0ms, 0ms, 0, 0ms))) == cause::unknown);
    }
}

TEST_CASE("classify: where the state is hidden the CPU clock still decides", "[judge]") {
    thread_progress progress;
    progress.wall = 200ms;
    progress.cpu = 100ms;
    CHECK(classify(one_handler(unknown, unknown, progress)) == cause::cpu);
    progress.cpu -= 1ns; // asleep, or ready and not run: nothing says which
    CHECK(classify(one_handler(unknown, unknown, progress)) == cause::unknown);
}

TEST_CASE("classify: time that is not accounted for was not slept where no sleep is known of") {
    auto progress = did(10ms, 0ms);
    CHECK(classify(one_handler(runnable, runnable, progress)) == cause::blocked);
    progress.voluntary_sleeps = std::nullopt;
    CHECK(classify(one_handler(runnable, runnable, progress)) == cause::unknown);
}

TEST_CASE("classify: a wait from before the first look does not hide what it sleeps in",
          "[judge]") {
    CHECK(classify(one_handler(runnable, asleep, did(1ms, 200ms + 1ns))) == cause::blocked);
    CHECK(classify(one_handler(runnable, disk, did(1ms, 3s))) == cause::io);
    CHECK(classify(one_handler(runnable, runnable, did(1ms, 3s))) == cause::starved);
}

TEST_CASE("classify: a tight CPU quota is starvation, however much of its wait was seen",
          "[judge]") {
    auto seen = one_handler(runnable, runnable, did(160ms, 0ms, 0));
    CHECK(classify(seen) == cause::cpu);
    seen.cpu_limit = 0.4;
    CHECK(classify(seen) == cause::starved);
    SECTION("not one that leaves it more time than it takes") {
        seen.cpu_limit = 0.41;
        CHECK(classify(seen) == cause::cpu);
    }
    SECTION("not if it ran nearly all the time") {
        seen.progress->cpu = 181ms;
        CHECK(classify(seen) == cause::cpu);
    }
    SECTION("not if it slept most of the time") {
        seen.now = asleep;
        seen.progress = did(50ms, 60ms);
        CHECK(classify(seen) == cause::blocked);
    }
}

TEST_CASE("classify: clocks that disagree are bounded by the wall", "[judge]") {
    CHECK(classify(one_handler(runnable, runnable, did(201ms, -1ms, 0))) == cause::cpu);
    CHECK(classify(one_handler(runnable, runnable, did(-1ms, 201ms, 0))) == cause::starved);
    CHECK(classify(one_handler(asleep, asleep, did(-1ms, -1ms, 0))) == cause::blocked);
}
