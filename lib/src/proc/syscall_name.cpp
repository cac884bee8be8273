// SPDX-License-Identifier: MIT
#include "proc/syscall_name.hpp"

#include "base/proc.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/syscall.h>

namespace loopmon::proc {

namespace {

struct named_call {
    long number;
    std::string_view name;
};

// The last one only keeps the array from being empty.
constexpr named_call named_calls[] = {
#include "syscall_names.inc"
    {-1, ""},
};

// Calls that block, and take what they block on as their first argument. Those of other names
// are shown without it.
constexpr std::array<std::string_view, 37> on_descriptor{
    "read",        "write",      "readv",    "writev",     "pread64",   "pwrite64",
    "preadv",      "pwritev",    "preadv2",  "pwritev2",   "recvfrom",  "recvmsg",
    "recvmmsg",    "sendto",     "sendmsg",  "sendmmsg",   "recv",      "send",
    "accept",      "accept4",    "connect",  "fsync",      "fdatasync", "sync_file_range",
    "syncfs",      "flock",      "fcntl",    "fcntl64",    "ioctl",     "fallocate",
    "ftruncate",   "getdents64", "sendfile", "epoll_wait", "fstat",     "epoll_pwait",
    "epoll_pwait2"};

std::string descriptor_text(unsigned long descriptor) {
    const auto number = std::to_string(static_cast<int>(descriptor));
    auto target = base::read_proc_link("self/fd/" + number);
    return target.empty() ? "descriptor " + number : std::move(target);
}

// Those that the kernel continues so (with ERESTART_RESTARTBLOCK), and how the functions are called
// that it sleeps in. The names differ between kernels, these parts of them do not.
constexpr std::array<std::string_view, 3> restarted_calls{"nanosleep", "poll", "futex"};

/// The argument does not change with the restart.
bool may_be_restarted_as(const blocked_call& before, const blocked_call& now) {
    const auto name = syscall_name(before.number);
    return before.first == now.first &&
           std::any_of(restarted_calls.begin(), restarted_calls.end(), [name](const auto& call) {
               return name.find(call) != name.npos && !name.starts_with("epoll");
           });
}

std::string restarted_text(const thread_snapshot& seen, const thread_snapshot* before) {
    if (before != nullptr && before->call && may_be_restarted_as(*before->call, *seen.call)) {
        return std::string(syscall_name(before->call->number));
    }
    for (const auto call : restarted_calls) {
        if (seen.wchan.find(call) != seen.wchan.npos) {
            return std::string(call);
        }
    }
    return "a restarted call (nanosleep, poll or futex)";
}

} // namespace

std::string_view syscall_name(long number) noexcept {
    const auto* const found = std::find_if(std::begin(named_calls), std::end(named_calls),
                                           [=](const auto& call) { return call.number == number; });
    return found == std::end(named_calls) ? std::string_view() : found->name;
}

bool takes_descriptor(std::string_view syscall) noexcept {
    return std::find(on_descriptor.begin(), on_descriptor.end(), syscall) != on_descriptor.end();
}

std::string syscall_text(const thread_snapshot& seen, const thread_snapshot* before) {
    if (seen.faulting) {
        return "page fault";
    }
    if (!seen.call) {
        return {};
    }
    if (seen.call->number == SYS_restart_syscall) {
        return restarted_text(seen, before);
    }
    const auto name = syscall_name(seen.call->number);
    if (name.empty()) {
        return "syscall " + std::to_string(seen.call->number);
    }
    return takes_descriptor(name) ? std::string(name) + " on " + descriptor_text(seen.call->first)
                                  : std::string(name);
}

} // namespace loopmon::proc
