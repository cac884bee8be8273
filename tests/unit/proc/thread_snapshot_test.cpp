// SPDX-License-Identifier: MIT
#include "proc/thread_snapshot.hpp"

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;
using loopmon::model::thread_activity;
using loopmon::proc::activity;
using loopmon::proc::blocked_call;
using loopmon::proc::evidence;
using loopmon::proc::thread_reader;
using loopmon::proc::thread_snapshot;

namespace {

/// A thread that reads from a pipe until it is let go.
class reader {
public:
    reader() {
        REQUIRE(::pipe(ends_.data()) == 0);
        thread_ = std::thread([this] { run(); });
        while (id_ == 0) {
            std::this_thread::yield();
        }
    }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;
    ~reader() { end(); }

    void end() {
        if (thread_.joinable()) {
            ::close(ends_[1]);
            thread_.join();
            ::close(ends_[0]);
        }
    }
    [[nodiscard]] pid_t id() const { return id_; }
    [[nodiscard]] int descriptor() const { return ends_[0]; }

private:
    void run() {
        id_ = ::gettid();
        char c{};
        (void)!::read(ends_[0], &c, 1);
    }

    std::array<int, 2> ends_{};
    std::atomic<pid_t> id_{0};
    std::thread thread_;
};

/// Looks until the thread sleeps in its read, which it is about to.
thread_snapshot look_asleep(thread_reader& probe) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    auto seen = probe.sample();
    while ((seen.state != 'S' || seen.call.value_or(blocked_call{-1, 0}).number != SYS_read) &&
           seen.when < give_up) {
        std::this_thread::yield();
        seen = probe.sample();
    }
    return seen;
}

void burn(std::chrono::nanoseconds cpu) {
    const auto used = [] {
        timespec time{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
    };
    for (const auto end = used() + cpu; used() < end;) {
    }
}

thread_snapshot in_state(char state) {
    thread_snapshot seen;
    seen.state = state;
    return seen;
}

} // namespace

TEST_CASE("thread_reader: a blocked thread shows the call and its descriptor", "[watch]") {
    reader blocked;
    thread_reader probe(blocked.id());
    const auto seen = look_asleep(probe);
    CHECK_FALSE(seen.gone);
    CHECK(seen.state == 'S');
    CHECK(activity(seen) == thread_activity::asleep);
    REQUIRE(seen.call);
    CHECK(seen.call->number == SYS_read);
    CHECK(seen.call->first == static_cast<unsigned long>(blocked.descriptor()));
    CHECK_FALSE(seen.faulting);
    CHECK_FALSE(seen.traced);
    CHECK(seen.cpu);
    CHECK(seen.major_faults);
    CHECK(seen.voluntary_sleeps.value_or(0) >= 1);
}

TEST_CASE("thread_reader: a thread that ends is gone, before and after the first look", "[watch]") {
    reader blocked;
    thread_reader before(blocked.id());
    thread_reader after(blocked.id());
    CHECK_FALSE(before.sample().gone);
    blocked.end();
    // The kernel lets a joined thread linger for a moment.
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!before.sample().gone && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
    }
    CHECK(before.sample().gone);
    CHECK(activity(before.sample()) == thread_activity::gone);
    CHECK(after.sample().gone);
}

TEST_CASE("thread_reader: CPU time is up to date, time slices not over yet included", "[watch]") {
    thread_reader probe(::gettid());
    const auto earlier = probe.sample();
    burn(2ms);
    const auto later = probe.sample();
    REQUIRE(earlier.cpu);
    REQUIRE(later.cpu);
    CHECK(*later.cpu - *earlier.cpu >= 2ms);
    CHECK(later.when - earlier.when >= 2ms);
    CHECK(later.state == 'R');
}

TEST_CASE("thread_reader: a name cannot disguise the state", "[watch]") {
    std::array<char, 16> name{};
    ::prctl(PR_GET_NAME, name.data());
    ::prctl(PR_SET_NAME, "a) D 1 (b) S 2");
    const auto seen = thread_reader(::gettid()).sample();
    ::prctl(PR_SET_NAME, name.data());
    CHECK(seen.state == 'R');
}

TEST_CASE("thread_reader: what a process may not see of itself is absent", "[watch]") {
    // After a change of the user id, files of /proc/self belong to root. A child, since there is no
    // way back; its exit status says what it saw.
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        if (::prctl(PR_SET_DUMPABLE, 0) != 0 || (::geteuid() == 0 && ::setuid(65534) != 0)) {
            ::_exit(2);
        }
        const auto seen = thread_reader(::gettid()).sample();
        ::_exit(!seen.gone && seen.state == 'R' && seen.cpu && !seen.call ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("activity: what the letters of proc(5) mean for a stall", "[watch]") {
    CHECK(activity(in_state('R')) == thread_activity::runnable);
    CHECK(activity(in_state('S')) == thread_activity::asleep);
    CHECK(activity(in_state('D')) == thread_activity::disk);
    CHECK(activity(in_state('T')) == thread_activity::stopped);
    CHECK(activity(in_state('t')) == thread_activity::stopped);
    CHECK(activity(in_state('Z')) == thread_activity::gone);
    CHECK(activity(in_state('X')) == thread_activity::gone);
    CHECK(activity(in_state('?')) == thread_activity::unknown);
    CHECK(activity({}) == thread_activity::unknown);
}

TEST_CASE("activity: waiting for storage can look like sleep", "[watch]") {
    auto seen = in_state('S');
    SECTION("in a call that writes to it") {
        seen.call = blocked_call{GENERATE(SYS_fsync, SYS_fdatasync, SYS_msync), 3};
        CHECK(activity(seen) == thread_activity::disk);
    }
    SECTION("in a page fault") {
        seen.faulting = true;
        CHECK(activity(seen) == thread_activity::disk);
    }
    SECTION("but not in any call") {
        seen.call = blocked_call{SYS_read, 3};
        CHECK(activity(seen) == thread_activity::asleep);
    }
}

TEST_CASE("activity: a frozen thread is stopped, whatever its state says", "[watch]") {
    auto seen = in_state(GENERATE('D', 'S'));
    seen.wchan = GENERATE(as<std::string>(), "__refrigerator", "do_freezer_trap");
    CHECK(activity(seen) == thread_activity::stopped);
}

TEST_CASE("evidence: the differences of two looks", "[watch]") {
    auto earlier = in_state('S');
    auto later = in_state('R');
    earlier.when += 50ms;
    later.when += 100ms;
    earlier.cpu = 10ms;
    later.cpu = 15ms;
    earlier.run_delay = 1ms;
    later.run_delay = 3ms;
    earlier.voluntary_sleeps = 7;
    later.voluntary_sleeps = 8;
    earlier.major_faults = 2;
    later.major_faults = 5;
    later.traced = true;
    const auto seen = evidence(earlier, later, 90ms, 100ms, 4);
    CHECK(seen.before == thread_activity::asleep);
    CHECK(seen.now == thread_activity::runnable);
    CHECK(seen.traced);
    REQUIRE(seen.progress);
    CHECK(seen.progress->wall == 50ms);
    CHECK(seen.progress->cpu == 5ms);
    CHECK(seen.progress->run_delay == 2ms);
    CHECK(seen.progress->voluntary_sleeps == 1);
    CHECK(seen.progress->major_faults == 3);
    CHECK(seen.handler_age == 90ms);
    CHECK(seen.turn_age == 100ms);
    CHECK(seen.handlers_in_turn == 4);
    SECTION("what one of them lacks is not evidence") {
        earlier.run_delay.reset();
        earlier.voluntary_sleeps.reset();
        CHECK_FALSE(evidence(earlier, later, 90ms, 100ms, 4).progress->run_delay);
        CHECK_FALSE(evidence(earlier, later, 90ms, 100ms, 4).progress->voluntary_sleeps);
        earlier.cpu.reset();
        CHECK_FALSE(evidence(earlier, later, 90ms, 100ms, 4).progress);
    }
    SECTION("one look is not a difference") {
        CHECK_FALSE(evidence(later, std::nullopt, 100ms, 4).progress);
        CHECK(evidence(later, std::nullopt, 100ms, 4).before == thread_activity::unknown);
    }
}
