// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/systemd/bus_ptr.hpp>

namespace loopmon::test {

/// Two ends of one connection, without a broker; the handshake is done.
struct bus_pair {
    bus_pair();

    systemd::bus_ptr client;
    systemd::bus_ptr server;
};

} // namespace loopmon::test
