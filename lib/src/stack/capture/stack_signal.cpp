// SPDX-License-Identifier: MIT
#include "stack/capture/stack_signal.hpp"

#include "stack/capture/stack_handler.hpp"
#include "stack/capture/unwinder_probe.hpp"

#include <cerrno>
#include <csignal>
#include <map>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

namespace loopmon::stack {

namespace {

struct installation {
    struct sigaction before = {};
    int users = 0;
};

std::mutex installed_mutex;
std::map<int, installation>& installed() {
    static std::map<int, installation> all;
    return all;
}

bool is_ours(const struct sigaction& action) noexcept {
    return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_stack_signal;
}

bool is_free(const struct sigaction& action) noexcept {
    return (action.sa_flags & SA_SIGINFO) == 0 &&
           (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
}

struct sigaction our_action() noexcept {
    struct sigaction action = {};
    action.sa_sigaction = on_stack_signal;
    // RESTART: most interrupted calls go on by themselves. ONSTACK: where the program has set up a
    // signal stack it had a reason, such as small stacks of its own.
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    // Nothing else may run in between, but what is raised by a fault of our own: those must reach
    // the crash reporter of the program.
    sigfillset(&action.sa_mask);
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) {
        sigdelset(&action.sa_mask, fault);
    }
    return action;
}

/// So that nothing in the handler runs for the first time there.
void warm_up() noexcept {
    siginfo_t info = {};
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    for (std::uint32_t i = 0; i < stack_request::pool_size; ++i) {
        auto& request = stack_requests[i];
        if (!request.claim()) {
            continue;
        }
        const auto tid = static_cast<pid_t>(syscall(SYS_gettid));
        info.si_value.sival_int = static_cast<int>(request.open(tid, i));
        on_stack_signal(0, &info, nullptr);
        request.release();
        return;
    }
}

} // namespace

stack_signal::stack_signal(int number) : number_(number) {
    if (number == 0) {
        return;
    }
    const auto name = "signal " + std::to_string(number);
    if (number < SIGRTMIN || number > SIGRTMAX) {
        problem_ = name + " is not a real-time signal";
        return;
    }
    if (!unwinds_without_loader_lock()) {
        problem_ = "the unwinder of this system is not safe in a signal handler";
        return;
    }
    const std::lock_guard lock(installed_mutex);
    struct sigaction before = {};
    if (sigaction(number, nullptr, &before) != 0) {
        problem_ = name + ": " + std::generic_category().message(errno);
        return;
    }
    auto& shared = installed()[number];
    if (shared.users == 0 ? !is_free(before) : !is_ours(before)) {
        problem_ = name + " is in use by the program";
        return;
    }
    if (shared.users == 0) {
        warm_up();
        const auto action = our_action();
        if (sigaction(number, &action, nullptr) != 0) {
            problem_ = name + ": " + std::generic_category().message(errno);
            return;
        }
        shared.before = before;
    }
    ++shared.users;
    held_ = true;
}

stack_signal::~stack_signal() {
    if (!held_) {
        return;
    }
    const std::lock_guard lock(installed_mutex);
    auto& shared = installed()[number_];
    if (--shared.users == 0 && intact()) {
        struct sigaction ignore = {};
        ignore.sa_handler = SIG_IGN;
        (void)sigaction(number_, &ignore, nullptr); // discards what is pending, on every thread
        (void)sigaction(number_, &shared.before, nullptr);
    }
}

bool stack_signal::intact() const noexcept {
    struct sigaction now = {};
    return sigaction(number_, nullptr, &now) == 0 && is_ours(now);
}

std::error_code stack_signal::send(pid_t tid, int cookie) const noexcept {
    siginfo_t info = {};
    info.si_signo = number_;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_int = cookie;
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, number_, &info) != 0) {
        return {errno, std::generic_category()};
    }
    return {};
}

} // namespace loopmon::stack
