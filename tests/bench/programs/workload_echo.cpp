// SPDX-License-Identifier: MIT
//
// The server is on the loop that is measured; the client is a thread with a blocking socket and no
// loop, so that all that differs between two builds is the server's handlers.
#include "workloads.hpp"

#include "watched_loop.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <thread>

namespace bench {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using message = std::array<char, 64>;

asio::awaitable<void> serve_one(tcp::acceptor acceptor) {
    tcp::socket peer = co_await acceptor.async_accept(asio::use_awaitable);
    peer.set_option(tcp::no_delay(true));
    message buffer{};
    try {
        while (true) {
            const auto size =
                co_await peer.async_read_some(asio::buffer(buffer), asio::use_awaitable);
            co_await asio::async_write(peer, asio::buffer(buffer, size), asio::use_awaitable);
        }
    } catch (const boost::system::system_error&) {
        // The client has what it wanted.
    }
}

void ask(const tcp::endpoint& server, long count) {
    asio::io_context unused; // a synchronous socket needs one anyway
    tcp::socket socket(unused);
    socket.connect(server);
    socket.set_option(tcp::no_delay(true));
    message buffer{};
    for (; count > 0; --count) {
        asio::write(socket, asio::buffer(buffer));
        asio::read(socket, asio::buffer(buffer));
    }
}

} // namespace

void echo(asio::io_context& io, long count) {
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto server = acceptor.local_endpoint();
    spawn(io, "echo", serve_one(std::move(acceptor)));
    std::thread client(ask, server, count);
    io.restart();
    io.run();
    client.join();
}

} // namespace bench
