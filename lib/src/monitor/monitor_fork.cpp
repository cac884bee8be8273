// SPDX-License-Identifier: MIT
//
// A monitor in a child of fork(). Its thread stayed in the parent, and what it holds is the
// parent's: the connection to the bus, an epoll instance and a timer that both processes would set.
// Its mutexes may be locked for good. So in the child nothing of it is used or destroyed, and the
// child says so, once: at the first call to the monitor, or when a loop that it watched runs there.
// A child that only calls exec is not worth a word. A new monitor in the child works.
#include "monitor_impl.hpp"

#include "report/journal.hpp"

#include <utility>

namespace loopmon::detail {

bool monitor_impl::left_behind(const source_location& where) noexcept {
    if (!in_child()) {
        return false;
    }
    if (!left_behind_reported_.exchange(true)) {
        write_from_child(
            model::priority::warning,
            "this process was forked from one that loopmon watches, and is not watched "
            "itself: construct the monitor after fork()",
            where);
    }
    return true;
}

void monitor_impl::write_from_child(model::priority severity, std::string text,
                                    const source_location& where) noexcept {
    try {
        // The reporter's threads are gone, and its locks perhaps taken.
        report::journal fresh(report::detect_log_target());
        fresh.level(reporter_.log().level());
        fresh.write({.severity = severity, .text = std::move(text)}, where);
    } catch (const std::exception&) { // out of memory
    }
}

void monitor_impl::keep_for_good(const std::shared_ptr<monitor_impl>& left) noexcept {
    static constinit monitor_impl* newest = nullptr; // for leak checkers
    left->kept_ = left;
    left->kept_before_ = std::exchange(newest, left.get());
}

} // namespace loopmon::detail
