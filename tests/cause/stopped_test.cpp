// SPDX-License-Identifier: MIT
//
// A stop signal and the freezer of version 2 stop all threads of a process, so whoever looks is
// stopped as well and sees nothing: those are found by the watcher's own oversleep
// (pause_detector), and tested with it. What can be seen from inside is a thread that is stopped
// alone: by a debugger, or by the freezer of version 1.
#include "cause/repetitions.hpp"
#include "cause/thread_group.hpp"
#include "support/catch.hpp"

#include <array>

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace loopmon::test {

namespace {

/// Held by a debugger: a child process, since a process cannot trace itself.
class debugger : public provocation {
public:
    enum class way { stop, let_run };

    explicit debugger(way how) : way_(how) {
        REQUIRE(::pipe(to_.data()) == 0);
        REQUIRE(::pipe(from_.data()) == 0);
    }
    debugger(const debugger&) = delete;
    debugger& operator=(const debugger&) = delete;
    ~debugger() override {
        for (const auto end : {to_[0], to_[1], from_[0], from_[1]}) {
            ::close(end);
        }
    }

    void stall() override {
        while (!over()) {
        }
    }
    void begun(pid_t thread) override {
        child_ = ::fork();
        if (child_ == 0) {
            debug(thread);
        }
        // Yama lets only parents attach, unless they are asked to.
        (void)::prctl(PR_SET_PTRACER, child_, 0, 0, 0);
        char is_attached = 0;
        (void)!::write(to_[1], "a", 1);
        (void)!::read(from_[0], &is_attached, 1);
        if (is_attached != 'y') {
            end();
            throw not_here{"ptrace is not permitted"};
        }
    }
    void end() override {
        provocation::end();
        if (child_ > 0) {
            (void)!::write(to_[1], "d", 1);
            (void)::waitpid(child_, nullptr, 0);
            child_ = 0;
        }
    }

private:
    /// In the child; only what is allowed after a fork in a program with threads.
    [[noreturn]] void debug(pid_t thread) const {
        char order = 0;
        (void)!::read(to_[0], &order, 1);
        const bool attached = ::ptrace(way_ == way::stop ? PTRACE_ATTACH : PTRACE_SEIZE, thread,
                                       nullptr, nullptr) == 0;
        if (attached && way_ == way::stop) {
            (void)::waitpid(thread, nullptr, __WALL);
        }
        (void)!::write(from_[1], attached ? "y" : "n", 1);
        (void)!::read(to_[0], &order, 1);
        ::_exit(0); // detaches
    }

    way way_;
    std::array<int, 2> to_{}, from_{};
    pid_t child_ = 0;
};

/// One thread of the process, frozen by version 1 of the control groups.
class freezer : public provocation {
public:
    void stall() override {
        while (!over()) {
        }
    }
    void begun(pid_t thread) override {
        group_.add(thread);
        group_.put("freezer.state", "FROZEN");
    }
    void end() override {
        group_.put("freezer.state", "THAWED");
        provocation::end();
    }

private:
    thread_group group_{"freezer"};
};

} // namespace

TEST_CASE("cause: a thread that a debugger stopped is traced", "[cause]") {
    repeat("stopped by ptrace", model::cause::traced,
           [] { return std::make_unique<debugger>(debugger::way::stop); });
}

TEST_CASE("cause: a thread that a debugger lets run is traced", "[cause]") {
    repeat("seized by ptrace", model::cause::traced,
           [] { return std::make_unique<debugger>(debugger::way::let_run); });
}

TEST_CASE("cause: a frozen thread is paused", "[cause]") {
    repeat("frozen thread", model::cause::paused, [] { return std::make_unique<freezer>(); });
}

} // namespace loopmon::test
