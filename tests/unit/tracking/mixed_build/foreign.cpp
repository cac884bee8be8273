// SPDX-License-Identifier: MIT
// A translation unit that uses asio, and does not know of the library.
#include <boost/asio/cancellation_signal.hpp> // which includes what the library names otherwise
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

int part();
int part() {
    boost::asio::io_context io;
    int result = 1;
    boost::asio::post(io, [&result] { result = 0; });
    io.run();
    return result;
}
