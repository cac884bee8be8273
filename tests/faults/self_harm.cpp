// SPDX-License-Identifier: MIT
#include "faults/self_harm.hpp"

#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bitset>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <istream>
#include <map>
#include <string>
#include <thread>

namespace faults {

namespace {

using arguments = std::istream;

std::string unless(bool done) {
    return done ? std::string() : std::strerror(errno); // NOLINT(concurrency-mt-unsafe)
}

bool is_open(int descriptor) {
    return ::fcntl(descriptor, F_GETFD) >= 0;
}

/// Into an empty root, without a way back.
std::string enter_empty_root(arguments& in, boost::asio::io_context&) {
    std::string root;
    in >> root;
    return unless(::chroot(root.c_str()) == 0 && ::chdir("/") == 0);
}

/// As a mount namespace of a container or of ProtectProc= does. Mounts are of the whole process:
/// all of its threads share the namespace that the first made, so it must have been made by exec.
std::string hide_proc(arguments&, boost::asio::io_context&) {
    return unless(::mount("none", "/proc", "tmpfs", 0, "size=4k") == 0);
}

constexpr int descriptors = 256; // more than a victim has
std::bitset<descriptors> own_descriptors;

/// Gives up the descriptors that are not the program's own: give_up(descriptor).
template <class GiveUp>
std::string give_up_descriptors(GiveUp give_up) {
    for (int i = 0; i < descriptors; ++i) {
        if (!own_descriptors[static_cast<std::size_t>(i)] && is_open(i) && !give_up(i)) {
            return unless(false);
        }
    }
    return {};
}

/// As daemons do that want nothing of whoever started them.
std::string close_descriptors(arguments&, boost::asio::io_context&) {
    return give_up_descriptors([](int i) { return ::close(i) == 0; });
}

/// The same, and something else gets the numbers at once.
std::string take_descriptors(arguments&, boost::asio::io_context&) {
    const int other = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    return give_up_descriptors([other](int i) { return i == other || ::dup2(other, i) == i; });
}

/// No descriptor is left for anybody.
std::string exhaust_descriptors(arguments&, boost::asio::io_context&) {
    constexpr rlimit few{256, 256};
    ::setrlimit(RLIMIT_NOFILE, &few);
    while (::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) {
    }
    return unless(errno == EMFILE);
}

/// What is mapped already, and hardly more.
std::string exhaust_address_space(arguments&, boost::asio::io_context&) {
    constexpr rlimit none{1, 1};
    return unless(::setrlimit(RLIMIT_AS, &none) == 0);
}

std::string become_nobody(arguments&, boost::asio::io_context&) {
    constexpr uid_t nobody = 65534;
    return unless(::setgid(nobody) == 0 && ::setuid(nobody) == 0);
}

std::string become_not_dumpable(arguments&, boost::asio::io_context&) {
    return unless(::prctl(PR_SET_DUMPABLE, 0) == 0);
}

/// A child that lives for a while and then ends as a program does, destructors and all.
std::string fork_child(arguments& in, boost::asio::io_context&) {
    int length_ms = 0;
    in >> length_ms;
    const auto child = ::fork();
    if (child == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(length_ms));
        ::_exit(0);
    }
    std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
    return unless(child > 0);
}

/// From a handler, which goes on in both.
std::string fork_in_handler(arguments&, boost::asio::io_context& io) {
    boost::asio::post(io, [] {
        if (::fork() == 0) {
            std::this_thread::sleep_for(std::chrono::seconds(1));
            ::_exit(0);
        }
    });
    return {};
}

/// The thread of the loop takes no signal from now on.
std::string block_signals(arguments&, boost::asio::io_context& io) {
    boost::asio::post(io, [] {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    });
    return {};
}

/// The program uses all real-time signals itself.
std::string take_signals(arguments&, boost::asio::io_context&) {
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) {
        if (::signal(number, SIG_IGN) == SIG_ERR) {
            return unless(false);
        }
    }
    return {};
}

} // namespace

void remember_own_descriptors() {
    for (int i = 0; i < descriptors; ++i) {
        own_descriptors[static_cast<std::size_t>(i)] = is_open(i);
    }
}

std::string harm(std::string_view what, std::istream& in, boost::asio::io_context& io) {
    using act = std::string (*)(arguments&, boost::asio::io_context&);
    static const std::map<std::string_view, act> acts{
        {"enter_empty_root", &enter_empty_root},
        {"hide_proc", &hide_proc},
        {"close_descriptors", &close_descriptors},
        {"take_descriptors", &take_descriptors},
        {"exhaust_descriptors", &exhaust_descriptors},
        {"exhaust_address_space", &exhaust_address_space},
        {"become_nobody", &become_nobody},
        {"become_not_dumpable", &become_not_dumpable},
        {"fork_child", &fork_child},
        {"fork_in_handler", &fork_in_handler},
        {"block_signals", &block_signals},
        {"take_signals", &take_signals},
    };
    const auto found = acts.find(what);
    return found == acts.end() ? "no such command" : found->second(in, io);
}

} // namespace faults
