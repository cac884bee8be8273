// SPDX-License-Identifier: MIT
//
// The watcher thread of a monitor, from set_up() to wind_down(): a round whenever the watcher wants
// one, READY=1 when all is in place. No other thread waits for it, but in flush() and shut_down().
#include "monitor_impl.hpp"

#include "measure/cycle_clock.hpp"
#include "options.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include <pthread.h>

namespace loopmon {

namespace {

/// Loops of all monitors of this process that are not nominal.
std::atomic<std::size_t> late_loops{0};

/// Those are the parent's, and nobody here would take them off again.
void forget_late_loops() noexcept {
    late_loops.store(0, std::memory_order_relaxed);
}

} // namespace

bool is_overloaded() noexcept {
    return late_loops.load(std::memory_order_relaxed) != 0;
}

} // namespace loopmon

namespace loopmon::detail {

namespace {

// A bus that is alive answers RequestName in milliseconds; a service must not fail to start, nor
// go unwatched, for one that is not.
constexpr auto bus_patience = std::chrono::seconds(2);

// For descriptors that are short now.
constexpr auto bus_retry = std::chrono::seconds(1);

// What is short is short for each of ten rounds a second.
constexpr auto problem_period = std::chrono::minutes(1);

// Debuggers and profilers may come and go in a loop of a script.
constexpr auto patience_period = std::chrono::minutes(1);

// After a round that found no memory.
constexpr auto after_failure = std::chrono::milliseconds(100);

} // namespace

template <class Work>
void monitor_impl::attempt(Work&& work) noexcept {
    try {
        work();
    } catch (const std::exception& problem) {
        const auto now = std::chrono::steady_clock::now();
        if (now < problem_due_) {
            return;
        }
        problem_due_ = now + problem_period;
        try {
            note(model::priority::err, problem.what(), source_location::current());
        } catch (const std::exception&) { // nor is there memory to say so
        }
    }
}

// Rounds need no timer, no descriptor and no memory of their own, so whatever is short in the
// program, the next one comes.
void monitor_impl::run() {
    while (!stopped_) {
        attempt([this] { wait(); });
        while (auto job = queue_.take()) {
            attempt(job);
        }
        if (!stopped_ && std::chrono::steady_clock::now() >= wake_) {
            attempt([this] { tick(); });
        }
    }
    queue_.wake_by({}); // callers may post until shut_down() has returned, and later
    if (bus_ && !bus_->intact()) {
        event_loop::abandon(std::move(bus_));
    }
    bus_.reset();
}

void monitor_impl::wait() {
    if (bus_) {
        bus_->serve_until(wake_);
    } else {
        queue_.wait_until(wake_);
    }
    keep_bus(); // what the program closed meanwhile is used no more
}

void monitor_impl::keep_bus() {
    on_watcher_.check();
    if (bus_ && !bus_->intact()) {
        queue_.wake_by({});
        event_loop::abandon(std::move(bus_));
        lose_bus("the program closed its descriptors");
    }
    const auto now = std::chrono::steady_clock::now();
    const auto address = bus_address(options_);
    if (bus_ || address.empty() || now < bus_due_) {
        return;
    }
    bus_due_ = now + bus_retry;
    try {
        auto made = std::make_unique<event_loop>();
        made->service() = std::make_unique<bus::bus_service>(
            made->event(), address, bus_name(options_), *this, reporter_,
            [this] {
                bus_settled_ = true;
                try_ready();
            },
            bus_lost_);
        bus_ = std::move(made);
        bus_lost_ = false;
        queue_.wake_by([bus = bus_.get()] { bus->wake(); });
    } catch (const std::exception& problem) {
        lose_bus(problem.what());
    }
}

void monitor_impl::lose_bus(const char* why) {
    if (!std::exchange(bus_lost_, true)) {
        reporter_.publish(model::bus_lost{why}, source_location::current());
    }
}

void monitor_impl::set_up() {
    on_watcher_.check();
    [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, nullptr, &forget_late_loops);
    reporter_.flight_source([weak = weak_from_this()](const model::trip& why) {
        const auto flying = weak.lock();
        return flying ? report::collect_flight(*flying, why) : report::flight_state();
    });
    reporter_.report_previous_trip();
    if (const auto& problem = investigator_.problem(); !problem.empty()) {
        note(model::priority::warning, "handlers that compute will have no stack: " + problem,
             source_location::current());
    }
    bus_settled_ = bus_address(options_).empty();
    bus_due_ = {};
    if (options_.auto_ready) {
        start_up_.wanted(std::chrono::steady_clock::now(), false);
    }
    tick();
}

void monitor_impl::wind_down() {
    on_watcher_.check();
    stopped_ = true;
    watcher_.finish(std::chrono::steady_clock::now());
    watcher_.stopping();
    if (bus_ && bus_->intact()) {
        bus_->service()->stop();
    }
    late_loops -= std::exchange(overloaded_, 0);
}

void monitor_impl::tick() {
    on_watcher_.check();
    if (stopped_) { // posted behind wind_down()
        return;
    }
    measure::cycle_clock::anchor();
    const auto at = clocks_.read();
    wake_ = at.now + after_failure; // unless the round gets to say
    if (watcher_.gate().period() > duration::zero()) {
        watcher_.debugged(debugger_.attached(at.now));
    }
    wake_ = watcher_.step(at);
    announce_wait(at.now);
    const auto late = watcher_.late_loops();
    late_loops += late - std::exchange(overloaded_, late);
    try_ready();
    signal_changes();
    watcher_.round_ended(std::chrono::steady_clock::now());
}

void monitor_impl::signal_changes() {
    on_watcher_.check();
    if (const bool changed = watcher_.take_changed();
        bus_ && (changed || bus_->service()->is_behind())) {
        bus_->service()->signal_changes();
    }
}

void monitor_impl::try_ready() {
    on_watcher_.check();
    if (watcher_.is_stopping() || !start_up_.is_wanted() || watcher_.is_ready()) {
        return;
    }
    const auto now = std::chrono::steady_clock::now();
    if (const auto what = watcher_.not_started(); !what.empty()) {
        return explain_delay(now, what);
    }
    if (now < start_up_.settled()) {
        wake_ = std::min(wake_, start_up_.settled());
        return;
    }
    if (!bus_settled_) {
        bus_patience_end_ = bus_patience_end_.value_or(now + bus_patience);
        if (now < *bus_patience_end_) {
            wake_ = std::min(wake_, *bus_patience_end_);
            return;
        }
    }
    if (!notifier_->agree_ready()) {
        return explain_delay(now, "another monitor of this process is not ready yet");
    }
    watcher_.ready(now);
    check_watchdog();
    tick(); // the gate and the judges have new times
}

void monitor_impl::explain_delay(model::time_point now, const std::string& what) {
    if (notifier_->has_manager() && start_up_.take_overdue(now)) {
        note(model::priority::warning, "READY=1 is held back: " + what, source_location::current());
    }
}

void monitor_impl::check_watchdog() {
    on_watcher_.check();
    const auto& gate = watcher_.gate();
    const auto lag = gate.limits().lag;
    // A stall may begin a ping period after the last ping, and nothing is pinged while it lasts.
    const auto room = gate.period() - gate.period() / 3;
    if (gate.period() > duration::zero() && lag >= room &&
        gate.limits().action != model::watchdog_action::off) {
        note(model::priority::warning,
             "the watchdog lag of " + report::human(lag) +
                 " will not be reached: WatchdogSec=" + report::human(gate.period()) +
                 " ends the service first; choose a lag under " + report::human(room),
             source_location::current());
    }
}

void monitor_impl::announce_wait(model::time_point now) {
    const auto& gate = watcher_.gate();
    const bool patient = gate.wait() > gate.period();
    if (patient == patience_reported_ || (patient && now < patience_due_)) {
        return;
    }
    patience_reported_ = patient;
    patience_due_ = patient ? now + patience_period : patience_due_;
    const auto wait = "the service manager's watchdog waits " + report::human(gate.wait());
    note(model::priority::notice,
         patient ? "a debugger is attached: " + wait + " instead of " + report::human(gate.period())
                 : wait + " again",
         source_location::current());
}

void monitor_impl::end_reload() {
    on_watcher_.check();
    if (std::exchange(reloading_, false) && !watcher_.is_stopping()) {
        notifier_->reloaded(watcher_.summary());
    }
    tick();
}

void monitor_impl::sync_bus() {
    on_watcher_.check();
    if (bus_) {
        bus_->service()->sync();
    }
}

} // namespace loopmon::detail
