// SPDX-License-Identifier: MIT
#include "base/quiet_thread.hpp"

#include "report/outbox.hpp"
#include "support/catch.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <latch>
#include <new>
#include <string>

using loopmon::base::quiet_thread;

namespace {

sigset_t own_mask() {
    sigset_t mask = {};
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return mask;
}

std::string own_name() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
}

bool is_fault(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL ||
           signal == SIGTRAP || signal == SIGSYS;
}

/// Signals that a program can block, and whether they are as they should be.
void check_quiet(const sigset_t& mask) {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        const bool ours = signal == SIGKILL || signal == SIGSTOP ||
                          (signal > SIGSYS && signal < SIGRTMIN); // kernel's, C library's
        INFO("signal " << signal);
        CHECK((ours || sigismember(&mask, signal) == (is_fault(signal) ? 0 : 1)));
    }
}

void check_same(const sigset_t& one, const sigset_t& other) {
    for (int signal = 1; signal <= SIGRTMAX; ++signal) {
        INFO("signal " << signal);
        CHECK(sigismember(&one, signal) == sigismember(&other, signal));
    }
}

struct cannot_move {
    cannot_move() = default;
    cannot_move(const cannot_move& /*from*/) { throw std::bad_alloc(); }
    void operator()() const {}
};

} // namespace

TEST_CASE("quiet_thread: no signal but its own faults reaches it", "[report]") {
    sigset_t fault = {};
    sigemptyset(&fault);
    sigaddset(&fault, SIGSEGV);
    pthread_sigmask(SIG_BLOCK, &fault, nullptr); // of the caller: not the thread's business
    sigset_t mask = {};
    std::string name;
    quiet_thread("a-quiet-thread", [&] {
        mask = own_mask();
        name = own_name();
    }).join();
    pthread_sigmask(SIG_UNBLOCK, &fault, nullptr);
    check_quiet(mask);
    CHECK(name == "a-quiet-thread");
}

TEST_CASE("quiet_thread: whoever starts it finds it by its name at once", "[report]") {
    for (int i = 0; i < 100; ++i) { // any of them may be slow to run
        std::latch named(1);
        auto thread = quiet_thread("a-quiet-thread", [&named] { named.wait(); });
        std::array<char, 16> name{};
        pthread_getname_np(thread.native_handle(), name.data(), name.size());
        named.count_down();
        thread.join();
        REQUIRE(std::string(name.data()) == "a-quiet-thread");
    }
}

TEST_CASE("quiet_thread: the caller's mask is as before, also without a thread", "[report]") {
    const auto before = own_mask();
    quiet_thread("a-quiet-thread", [] {}).join();
    check_same(own_mask(), before);
    CHECK_THROWS_AS(quiet_thread("a-quiet-thread", cannot_move()), std::bad_alloc);
    check_same(own_mask(), before);
}

TEST_CASE("quiet_thread: that of an outbox is one", "[report]") {
    loopmon::report::outbox box([](std::uint64_t) {});
    sigset_t mask = {};
    std::string name;
    box.post([&] {
        mask = own_mask();
        name = own_name();
    });
    REQUIRE(box.flush(std::chrono::minutes(1)));
    check_quiet(mask);
    CHECK(name == "loopmon-outbox");
}
