// SPDX-License-Identifier: MIT
#include "support/notify_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace loopmon::test {

notify_socket::notify_socket() : path_((directory_.path() / "notify").string()) {
    rebind();
    setenv("NOTIFY_SOCKET", path_.c_str(), 1);
}

void notify_socket::vanish() noexcept {
    if (socket_ >= 0) {
        close(socket_);
        unlink(path_.c_str());
        socket_ = -1;
    }
}

void notify_socket::rebind() {
    vanish();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) {
        throw std::system_error(ENAMETOOLONG, std::generic_category(), path_);
    }
    path_.copy(address.sun_path, path_.size());

    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // The cast is how the socket interface is meant to be called.
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (socket_ < 0 || bind(socket_, generic, sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), path_);
    }
}

notify_socket::~notify_socket() {
    unsetenv("NOTIFY_SOCKET");
    vanish();
}

std::optional<std::string> notify_socket::receive(std::chrono::milliseconds patience) {
    pollfd waited{socket_, POLLIN, 0};
    if (poll(&waited, 1, static_cast<int>(patience.count())) != 1) {
        return std::nullopt;
    }
    std::string datagram(std::size_t{16} * 1024, '\0'); // the manager takes no more
    const ssize_t size = recv(socket_, datagram.data(), datagram.size(), 0);
    if (size < 0) {
        return std::nullopt;
    }
    datagram.resize(static_cast<std::size_t>(size));
    return datagram;
}

} // namespace loopmon::test
