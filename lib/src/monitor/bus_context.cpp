// SPDX-License-Identifier: MIT
#include "bus_context.hpp"

#include <boost/asio/post.hpp>

#include <sys/mman.h>

namespace loopmon::detail {

bus_context::bus_context() : witness_(::memfd_create("loopmon", MFD_CLOEXEC)) {}

bool bus_context::intact() const noexcept {
    return witness_.get() < 0 || witness_.intact(); // without a witness there is nothing to tell
}

void bus_context::serve_until(std::chrono::steady_clock::time_point end) {
    // A round that takes longer than until the next one is due must not keep D-Bus from being
    // served, nor a flood of messages the rounds.
    constexpr int overdue_handlers = 16;
    if (std::chrono::steady_clock::now() < end) {
        io_.run_one_until(end);
        return;
    }
    for (int i = 0; i < overdue_handlers && io_.poll_one() != 0; ++i) {
    }
}

void bus_context::wake() {
    if (intact()) { // else it would be written to a file of the program's
        boost::asio::post(io_, [] {});
    }
}

void bus_context::finish() {
    work_.reset();
    io_.run();
}

void bus_context::abandon(std::unique_ptr<bus_context> lost) noexcept {
    static bus_context* last = nullptr; // named, so that leak checkers know of it
    lost->abandoned_before_ = last;
    last = lost.release();
}

} // namespace loopmon::detail
