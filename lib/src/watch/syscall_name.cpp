// SPDX-License-Identifier: MIT
#include "watch/syscall_name.hpp"

#include "base/proc.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <sys/syscall.h>

namespace loopmon::watch {

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

} // namespace

std::string_view syscall_name(long number) noexcept {
    const auto* const found = std::find_if(std::begin(named_calls), std::end(named_calls),
                                           [=](const auto& call) { return call.number == number; });
    return found == std::end(named_calls) ? std::string_view() : found->name;
}

bool takes_descriptor(std::string_view syscall) noexcept {
    return std::find(on_descriptor.begin(), on_descriptor.end(), syscall) != on_descriptor.end();
}

std::string syscall_text(const thread_snapshot& seen) {
    if (seen.faulting) {
        return "page fault";
    }
    if (!seen.call) {
        return {};
    }
    const auto name = syscall_name(seen.call->number);
    if (name.empty()) {
        return "syscall " + std::to_string(seen.call->number);
    }
    return takes_descriptor(name) ? std::string(name) + " on " + descriptor_text(seen.call->first)
                                  : std::string(name);
}

} // namespace loopmon::watch
