// SPDX-License-Identifier: MIT
#include "inject.hpp"

#include <thread>

namespace loopmon {

namespace {

// One handler of a congestion: far below any sensible threshold.
constexpr auto short_handler = std::chrono::microseconds(500);

void burn(std::chrono::nanoseconds length) {
    const auto end = std::chrono::steady_clock::now() + length;
    while (std::chrono::steady_clock::now() < end) {
    }
}

} // namespace

bool inject(measure::loop_state& loop, std::string_view kind, std::chrono::nanoseconds length) {
    if (kind == "cpu") {
        loop.post([length] { burn(length); });
    } else if (kind == "sleep") {
        loop.post([length] { std::this_thread::sleep_for(length); });
    } else if (kind == "congestion") {
        for (auto n = length / short_handler; n > 0; --n) {
            loop.post([] { burn(short_handler); });
        }
    } else {
        return false;
    }
    return true;
}

} // namespace loopmon
