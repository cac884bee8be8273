// SPDX-License-Identifier: MIT
#include "measure/list_probe.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/eventfd.h>
#include <unistd.h>

namespace loopmon::measure {

list_probe::~list_probe() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

bool list_probe::set(int epoll) noexcept {
    if (descriptor_ < 0) {
        descriptor_ = ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        if (descriptor_ < 0) {
            return false;
        }
    }
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLONESHOT;
    wanted.data.ptr = this; // no object of the loop's is here
    set_ = ::epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor_, &wanted) == 0 ||
           // Its first time, or that of a child that has another epoll descriptor.
           (errno == ENOENT && ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor_, &wanted) == 0);
    return set_;
}

std::optional<int> list_probe::take_from(epoll_event* events, int& count) noexcept {
    auto* const end = events + std::max(count, 0);
    auto* const mine =
        std::find_if(events, end, [this](const epoll_event& e) { return e.data.ptr == this; });
    if (mine == end) {
        return std::nullopt;
    }
    std::copy(mine + 1, end, mine);
    --count;
    set_ = false;
    return static_cast<int>(mine - events);
}

} // namespace loopmon::measure
