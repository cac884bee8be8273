// SPDX-License-Identifier: MIT
#include "base/unix_datagrams.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

namespace loopmon::base {

namespace {

// As libsystemd does for the journal; the kernel takes less of it where less is allowed.
constexpr int wanted_buffer = 8 * 1024 * 1024;

int send_once(int socket, std::span<const iovec> parts, int attached) noexcept {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data()); // sendmsg(2) only reads it
    message.msg_iovlen = parts.size();
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (attached >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        auto* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &attached, sizeof attached);
    }
    while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

} // namespace

unix_datagrams::unix_datagrams(std::string address, std::chrono::milliseconds patience)
    : address_(std::move(address)), patience_(patience) {
    (void)connect(); // what fails now is tried again with the first datagram
}

int unix_datagrams::connect() noexcept {
    socket_ = {};
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (address_.size() < 2 || address_.size() >= sizeof to.sun_path) {
        return EDESTADDRREQ;
    }
    address_.copy(to.sun_path, address_.size());
    auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    if (address_.front() == '@') {
        to.sun_path[0] = '\0'; // and no zero behind it: it would be part of the name
    } else {
        ++length;
    }
    kept_fd opened(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (opened.get() < 0) {
        return errno;
    }
    (void)::setsockopt(opened.get(), SOL_SOCKET, SO_SNDBUF, &wanted_buffer, sizeof wanted_buffer);
    const timeval wait{.tv_sec = static_cast<time_t>(patience_.count() / 1000),
                       .tv_usec = static_cast<suseconds_t>(patience_.count() % 1000 * 1000)};
    (void)::setsockopt(opened.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    // The cast is how the socket interface is meant to be called.
    if (::connect(opened.get(), reinterpret_cast<const sockaddr*>(&to), length) != 0) {
        return errno;
    }
    socket_ = std::move(opened);
    return 0;
}

int unix_datagrams::send(std::span<const iovec> parts, int attached) noexcept {
    const std::lock_guard lock(mutex_);
    bool fresh = false;
    if (!socket_.intact()) {
        if (const int error = connect(); error != 0) {
            return error;
        }
        fresh = true;
    }
    int error = send_once(socket_.get(), parts, attached);
    const bool other_end_gone = error == ECONNREFUSED || error == ENOTCONN || error == ECONNRESET;
    if (other_end_gone && !fresh) {
        error = connect();
        if (error == 0) {
            error = send_once(socket_.get(), parts, attached);
        }
    }
    return error;
}

} // namespace loopmon::base
