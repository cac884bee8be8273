// SPDX-License-Identifier: MIT
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace loopmon::test {

/// Runs the loop until `done()`, asked after every handler. The limit only ends a test that fails;
/// nothing that passes comes near it, however slow the machine or the sanitizer.
template <class Done>
[[nodiscard]] bool run_until(boost::asio::io_context& io, Done done,
                             std::chrono::seconds limit = std::chrono::seconds{30}) {
    const auto work = boost::asio::make_work_guard(io);
    const auto give_up = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= give_up) {
            return false;
        }
        io.restart();
        // Short, so that conditions outside of the loop are seen too.
        io.run_one_for(std::chrono::milliseconds{5});
    }
    return true;
}

} // namespace loopmon::test
