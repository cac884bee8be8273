// SPDX-License-Identifier: MIT
//
// The watcher thread of a monitor, from set_up() to wind_down(): a round whenever the watcher wants
// one, READY=1 when all is in place. No other thread waits for it, but in flush() and shut_down().
#include "monitor_impl.hpp"

#include "measure/cycle_clock.hpp"
#include "options.hpp"

#include <atomic>
#include <utility>

namespace loopmon {

namespace {

/// Loops of all monitors of this process that are not nominal.
std::atomic<std::size_t> late_loops{0};

} // namespace

bool overloaded() noexcept {
    return late_loops.load(std::memory_order_relaxed) != 0;
}

} // namespace loopmon

namespace loopmon::detail {

namespace {

// A bus that is alive answers RequestName in milliseconds; a service must not fail to start, nor
// go unwatched, for one that is not.
constexpr auto bus_patience = std::chrono::seconds(2);

} // namespace

void monitor_impl::run() {
    while (true) {
        try {
            io_.run();
            return;
        } catch (const std::exception& e) {
            // Out of memory while something was reported: the tick goes on.
            note(report::priority::err, e.what(), BOOST_CURRENT_LOCATION);
        }
    }
}

void monitor_impl::set_up() {
    reporter_.flight_source([weak = weak_from_this()](const judge::trip& why) {
        const auto flying = weak.lock();
        return flying ? report::collect_flight(*flying, why) : report::flight_state();
    });
    reporter_.tell_previous_trip();
    if (const auto& problem = investigator_.problem(); !problem.empty()) {
        note(report::priority::warning, "handlers that compute will have no stack: " + problem,
             BOOST_CURRENT_LOCATION);
    }
    if (const auto address = bus_address(options_); !address.empty()) {
        bus_ = report::bus_service::start(io_.get_executor(), address, bus_name(options_), *this,
                                          reporter_, [weak = weak_from_this()] {
                                              if (const auto settled = weak.lock()) {
                                                  settled->bus_settled_ = true;
                                                  settled->try_ready();
                                              }
                                          });
    } else {
        bus_settled_ = true;
    }
    tick();
}

void monitor_impl::wind_down() {
    stopped_ = true;
    watcher_.finish(std::chrono::steady_clock::now());
    watcher_.stopping();
    if (bus_) {
        bus_->stop();
    }
    timer_.cancel();
    ready_timer_.cancel();
    late_loops -= std::exchange(overloaded_, 0);
    work_.reset();
}

void monitor_impl::arm(judge::time_point wake) {
    timer_.expires_at(wake);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        if (const auto self = weak.lock(); self && !cancelled) {
            self->tick();
        }
    });
}

void monitor_impl::tick() {
    // Queued already when wind_down() cancelled the timer, or posted behind it. It would arm the
    // timer again, and the thread would never end.
    if (stopped_) {
        return;
    }
    measure::cycle_clock::anchor();
    const auto at = clocks_.read();
    arm(watcher_.step(at));
    const auto late = watcher_.late_loops();
    late_loops += late - std::exchange(overloaded_, late);
    try_ready();
    signal_changes();
    watcher_.round_ended(std::chrono::steady_clock::now());
}

void monitor_impl::signal_changes() {
    if (const bool changed = watcher_.take_changed(); bus_ && (changed || bus_->is_behind())) {
        bus_->signal_changes();
    }
}

void monitor_impl::try_ready() {
    if (watcher_.is_stopping() || !ready_wanted_ || watcher_.is_ready() ||
        !watcher_.all_started()) {
        return;
    }
    if (!bus_settled_) {
        if (ready_timer_.expiry() == std::chrono::steady_clock::time_point{}) {
            ready_timer_.expires_after(bus_patience);
            ready_timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
                if (const auto self = weak.lock(); self && !cancelled) {
                    self->bus_settled_ = true;
                    self->try_ready();
                }
            });
        }
        return;
    }
    watcher_.ready(std::chrono::steady_clock::now());
    check_watchdog();
    tick(); // the gate and the judges have new times
}

void monitor_impl::check_watchdog() {
    const auto& gate = watcher_.gate();
    const auto lag = gate.limits().lag;
    // A stall may begin a ping period after the last ping, and nothing is pinged while it lasts.
    const auto room = gate.period() - gate.period() / 3;
    if (gate.period() > duration::zero() && lag >= room &&
        gate.limits().action != judge::watchdog_action::off) {
        note(report::priority::warning,
             "the watchdog lag of " + report::human(lag) +
                 " will not be reached: WatchdogSec=" + report::human(gate.period()) +
                 " ends the service first; choose a lag under " + report::human(room),
             BOOST_CURRENT_LOCATION);
    }
}

void monitor_impl::end_reload() {
    if (std::exchange(reloading_, false) && !watcher_.is_stopping()) {
        notifier_->reloaded(watcher_.summary());
    }
    tick();
}

void monitor_impl::sync_bus() {
    if (bus_) {
        bus_->sync();
    }
}

} // namespace loopmon::detail
