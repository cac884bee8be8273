// SPDX-License-Identifier: MIT
#include "support/bus_pair.hpp"

#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <system_error>

namespace loopmon::test {

namespace {

void check(int r, const char* what) {
    if (r < 0) {
        throw std::system_error(-r, std::generic_category(), what);
    }
}

systemd::bus_ptr new_bus(int socket) {
    sd_bus* raw = nullptr;
    check(sd_bus_new(&raw), "sd_bus_new");
    systemd::bus_ptr bus{raw};
    check(sd_bus_set_fd(raw, socket, socket), "sd_bus_set_fd");
    return bus;
}

} // namespace

bus_pair::bus_pair() {
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    client = new_bus(sockets[0]);
    server = new_bus(sockets[1]);

    sd_id128_t id{};
    check(sd_id128_randomize(&id), "sd_id128_randomize");
    check(sd_bus_set_server(server.get(), 1, id), "sd_bus_set_server");
    check(sd_bus_start(server.get()), "start the server's end");
    check(sd_bus_start(client.get()), "start the client's end");
    while (sd_bus_is_ready(client.get()) == 0 || sd_bus_is_ready(server.get()) == 0) {
        check(sd_bus_process(client.get(), nullptr), "handshake, client");
        check(sd_bus_process(server.get(), nullptr), "handshake, server");
    }
}

} // namespace loopmon::test
