// SPDX-License-Identifier: MIT
#include "stack/capture/restartable_call.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

namespace loopmon::stack {

namespace {

bool has_timeout(int socket, int option) {
    timeval limit = {};
    socklen_t size = sizeof limit;
    return getsockopt(socket, SOL_SOCKET, option, &limit, &size) != 0 || limit.tv_sec != 0 ||
           limit.tv_usec != 0;
}

/// A read that takes what is there when something is: it cannot have done a part.
bool restarts_read(int descriptor) {
    struct stat is = {};
    if (fstat(descriptor, &is) != 0) {
        return false;
    }
    return S_ISFIFO(is.st_mode) || (S_ISSOCK(is.st_mode) && !has_timeout(descriptor, SO_RCVTIMEO));
}

bool restarts_futex(const thread_place& place) {
    const auto operation =
        static_cast<int>(place.arguments[1]) & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    const bool waits = operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET;
    return waits && place.arguments[3] == 0; // no timeout
}

} // namespace

bool survives_signal(const thread_place& place) {
    const auto descriptor = static_cast<int>(place.arguments[0]);
    const auto flags = static_cast<int>(place.arguments[3]);
    switch (place.call) {
    case SYS_futex:
        return restarts_futex(place);
    case SYS_read:
    case SYS_readv:
        return restarts_read(descriptor);
#ifdef SYS_recvfrom
    case SYS_recvfrom:
        return (flags & MSG_WAITALL) == 0 && !has_timeout(descriptor, SO_RCVTIMEO);
#endif
#ifdef SYS_accept
    case SYS_accept:
#endif
#ifdef SYS_accept4
    case SYS_accept4:
        return !has_timeout(descriptor, SO_RCVTIMEO);
#endif
    case SYS_fcntl:
        return place.arguments[1] == F_SETLKW || place.arguments[1] == F_OFD_SETLKW;
    case SYS_flock:
    case SYS_wait4:
    case SYS_waitid:
        return true;
    default:
        return false;
    }
}

} // namespace loopmon::stack
