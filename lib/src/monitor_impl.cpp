// SPDX-License-Identifier: MIT
#include "monitor_impl.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/hooks.hpp"
#include "measure/sampler.hpp"
#include "options.hpp"

#include <pthread.h>

#include <atomic>
#include <future>
#include <stdexcept>
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

std::uint64_t monitor_impl::names::take(std::map<std::uint64_t, std::string>& from,
                                        std::string name) {
    const std::lock_guard lock(mutex);
    for (const auto& [id, taken] : from) {
        if (taken == name) {
            throw std::invalid_argument("loopmon: the name '" + name + "' is taken");
        }
    }
    from.emplace(++last_id, std::move(name));
    return last_id;
}

monitor_impl::monitor_impl(monitor_options options)
    : options_(std::move(options)),
      reporter_(state_directory(options_)),
      notifier_(systemd::make_sd_notifier()),
      io_(1),
      work_(io_.get_executor()),
      investigator_(options_.stack_signal.value_or(watch::stack_catcher::default_signal())),
      watcher_({std::chrono::steady_clock::now()}, checked(options_.settings), *notifier_,
               reporter_, investigator_),
      timer_(io_),
      ready_timer_(io_),
      injection_(options_.settings.injection),
      ready_wanted_(options_.auto_ready) {}

void monitor_impl::start() {
    thread_ = std::thread([this] { run(); }); // joined by shut_down(), before the end of *this
    post([](monitor_impl& self) {
        self.reporter_.flight_source([weak = self.weak_from_this()](const judge::trip& why) {
            const auto flying = weak.lock();
            return flying ? report::collect_flight(*flying, why) : report::flight_state();
        });
        self.reporter_.tell_previous_trip();
        if (const auto& problem = self.investigator_.problem(); !problem.empty()) {
            self.note(report::priority::warning, "stalls will have no stack: " + problem,
                      BOOST_CURRENT_LOCATION);
        }
        if (const auto address = bus_address(self.options_); !address.empty()) {
            self.bus_ = report::bus_service::start(self.io_.get_executor(), address,
                                                   bus_name(self.options_), self, self.reporter_,
                                                   [weak = self.weak_from_this()] {
                                                       if (const auto settled = weak.lock()) {
                                                           settled->bus_settled_ = true;
                                                           settled->try_ready();
                                                       }
                                                   });
        } else {
            self.bus_settled_ = true;
        }
        self.tick();
    });
}

void monitor_impl::run() {
    pthread_setname_np(pthread_self(), "loopmon-watcher");
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

void monitor_impl::shut_down() {
    post([](monitor_impl& self) {
        self.stopped_ = true;
        self.watcher_.stopping();
        if (self.bus_) {
            self.bus_->stop();
        }
        self.timer_.cancel();
        self.ready_timer_.cancel();
        late_loops -= std::exchange(self.overloaded_, 0);
        self.work_.reset();
    });
    thread_.join();
}

std::uint64_t monitor_impl::watch(boost::asio::io_context& io, const watch_options& options) {
    auto settings = checked(options);
    const auto& loop = measure::state_of(io);
    const auto key = names_.take(names_.loops, settings.name);
    if (!loop->claim(io)) {
        const std::lock_guard lock(names_.mutex);
        names_.loops.erase(key);
        throw std::invalid_argument("loopmon: this io_context is watched already");
    }
    auto gauge = std::make_shared<measure::lag_gauge>(settings.interval);
    {
        const std::lock_guard lock(registrations_mutex_);
        registrations_.emplace(key, registration{loop, gauge});
    }
    post([key, settings = std::move(settings), loop = std::shared_ptr(loop),
          gauge](monitor_impl& self) mutable {
        self.watcher_.add(key, std::chrono::steady_clock::now(), std::move(settings),
                          std::move(loop), std::move(gauge));
        self.sync_bus();
        self.tick();
    });
    const measure::own_work own;
    boost::asio::post(io, [&io, gauge] { measure::sampler::start(io, gauge); });
    return key;
}

void monitor_impl::configure(std::uint64_t loop, watch_options options) {
    {
        const std::lock_guard lock(names_.mutex);
        options.name = names_.loops.at(loop);
    }
    post([loop, settings = checked(options)](monitor_impl& self) mutable {
        self.watcher_.configure(loop, std::move(settings));
        self.tick();
    });
}

void monitor_impl::unwatch(std::uint64_t loop) {
    {
        const std::lock_guard lock(registrations_mutex_);
        const auto ended = registrations_.extract(loop);
        ended.mapped().gauge->stop();
        ended.mapped().loop->release();
    }
    {
        const std::lock_guard lock(names_.mutex);
        names_.loops.erase(loop);
    }
    post([loop](monitor_impl& self) {
        self.watcher_.remove(loop);
        self.sync_bus();
        self.tick();
    });
}

std::uint64_t monitor_impl::add_probe(probe_options options) {
    if (options.name.empty()) {
        throw std::invalid_argument("probe_options::name must not be empty");
    }
    const auto key = names_.take(names_.probes, options.name);
    post([key, options = std::move(options)](monitor_impl& self) mutable {
        self.watcher_.add_probe(key, {std::move(options.name), std::move(options.kind),
                                      std::move(options.target), options.slow});
        self.sync_bus();
    });
    return key;
}

void monitor_impl::remove_probe(std::uint64_t probe) {
    {
        const std::lock_guard lock(names_.mutex);
        names_.probes.erase(probe);
    }
    post([probe](monitor_impl& self) {
        self.watcher_.remove_probe(probe);
        self.sync_bus();
    });
}

void monitor_impl::answered(std::uint64_t probe, duration latency) {
    post([probe, latency](monitor_impl& self) {
        self.watcher_.answered(probe, latency);
        self.signal_changes();
    });
}

void monitor_impl::failed(std::uint64_t probe, std::string error) {
    post([probe, error = std::move(error)](monitor_impl& self) {
        self.watcher_.failed(probe, error);
        self.signal_changes();
    });
}

void monitor_impl::configure(const monitor_settings& settings) {
    post([settings, checked = checked(settings)](monitor_impl& self) {
        self.injection_ = settings.injection;
        self.watcher_.configure(checked);
        self.check_watchdog();
        self.tick();
    });
}

void monitor_impl::ready() {
    post([](monitor_impl& self) {
        self.ready_wanted_ = true;
        self.try_ready();
    });
}

void monitor_impl::stopping() {
    post([](monitor_impl& self) {
        self.watcher_.stopping();
        self.tick();
    });
}

void monitor_impl::reloading() {
    post([](monitor_impl& self) {
        self.reloading_ = true;
        self.notifier_->reloading();
    });
}

void monitor_impl::configuration_loaded(std::vector<std::string> files) {
    post([files = std::move(files)](monitor_impl& self) {
        self.config_files_ = files;
        self.reporter_.publish(judge::config_loaded{files}, BOOST_CURRENT_LOCATION);
        self.end_reload();
    });
}

void monitor_impl::configuration_rejected(std::vector<std::string> files, std::string error) {
    post([files = std::move(files), error = std::move(error)](monitor_impl& self) {
        self.reporter_.publish(judge::config_rejected{files, error}, BOOST_CURRENT_LOCATION);
        self.end_reload();
    });
}

void monitor_impl::note(report::priority severity, std::string text,
                        const boost::source_location& where) {
    reporter_.note(severity, std::move(text), where);
}

void monitor_impl::flush() {
    // Behind everything that was posted before, on the watcher's queue and then in the outbox.
    auto passed = std::make_shared<std::promise<void>>();
    post([passed](monitor_impl&) { passed->set_value(); });
    const auto end = std::chrono::steady_clock::now() + report::outbox::last_patience;
    passed->get_future().wait_until(end);
    reporter_.settle(std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now()));
}

// -- watcher thread

void monitor_impl::arm(judge::time_point wake) {
    if (stopped_) { // a tick that was queued when the timer was cancelled
        return;
    }
    timer_.expires_at(wake);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
        if (const auto self = weak.lock(); self && !cancelled) {
            self->tick();
        }
    });
}

void monitor_impl::tick() {
    measure::cycle_clock::anchor();
    const auto at = clocks_.read();
    // Armed before anything can throw: nothing may end the watch.
    arm(at.now + watch::watcher::longest_sleep);
    arm(watcher_.step(at));
    const auto late = watcher_.late_loops();
    late_loops += late - std::exchange(overloaded_, late);
    try_ready();
    signal_changes();
}

void monitor_impl::signal_changes() {
    if (watcher_.take_changed() && bus_) {
        bus_->signal_changes();
    }
}

void monitor_impl::try_ready() {
    if (stopped_ || !ready_wanted_ || watcher_.is_ready() || !watcher_.all_started()) {
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
    if (std::exchange(reloading_, false)) {
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
