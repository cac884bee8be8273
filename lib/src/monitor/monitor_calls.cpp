// SPDX-License-Identifier: MIT
//
// The public calls of a monitor, on the thread of whoever calls: each checks what it is given,
// throws for what is wrong, and posts the rest to the watcher thread (monitor_thread.cpp). What
// callers share, the names and the registrations, has a mutex each.
#include "monitor_impl.hpp"

#include "base/proc.hpp"
#include "base/quiet_thread.hpp"
#include "model/bounds.hpp"
#include "options.hpp"
#include "refusal.hpp"
#include "service_voice.hpp"

#include <cerrno>
#include <future>
#include <stdexcept>
#include <utility>

namespace loopmon::detail {

std::uint64_t monitor_impl::names::take(std::map<std::uint64_t, std::string>& from,
                                        std::string name) {
    const std::lock_guard lock(mutex);
    for (const auto& [id, taken] : from) {
        if (taken == name) {
            throw refusal(EEXIST, "loopmon: the name '" + name + "' is taken");
        }
    }
    from.emplace(++last_id, std::move(name));
    return last_id;
}

monitor_impl::monitor_impl(monitor_options options)
    : options_((base::keep_proc(), std::move(options))), // before the program can change its root
      reporter_(state_directory(options_)),
      notifier_(join_service_voice()),
      investigator_(options_.stack_signal.value_or(stack::stack_catcher::default_signal())),
      watcher_(checked(options_.settings), *notifier_, reporter_, investigator_),
      injection_(options_.settings.injection) {
    if (!options_.auto_ready) {
        notifier_->expect_ready();
    }
}

void monitor_impl::start() {
    // Joined by shut_down(), before the end of *this.
    thread_ = base::quiet_thread("loopmon-watcher", [this] { run(); });
    post([](monitor_impl& self) { self.set_up(); });
}

void monitor_impl::shut_down() {
    post([](monitor_impl& self) { self.wind_down(); });
    thread_.join();
}

monitor_impl::registered monitor_impl::watch(const std::shared_ptr<measure::loop_state>& loop,
                                             const watch_options& options) {
    auto settings = checked(options);
    const auto key = names_.take(names_.loops, settings.name);
    if (!loop->claim()) {
        const std::lock_guard lock(names_.mutex);
        names_.loops.erase(key);
        throw refusal(EBUSY, "loopmon: this io_context is watched already");
    }
    notifier_->expect_ready();
    auto gauge = std::make_shared<measure::lag_gauge>(settings.interval);
    {
        const std::lock_guard lock(registrations_mutex_);
        registrations_.emplace(key, registration{loop, gauge});
    }
    post([key, settings = std::move(settings), watched = loop, gauge](monitor_impl& self) mutable {
        const auto now = std::chrono::steady_clock::now();
        self.start_up_.loop_added(now);
        self.watcher_.add(key, now, std::move(settings), std::move(watched), std::move(gauge));
        self.sync_bus();
        self.tick();
    });
    return {key, gauge};
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
        self.watcher_.finish(loop, std::chrono::steady_clock::now());
        self.signal_changes(); // while there is an object to send StallEnded from
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

void monitor_impl::failed(std::uint64_t probe, std::string_view error) {
    post([probe, error = report::bounded_text(error, model::max_text)](monitor_impl& self) {
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
        self.start_up_.wanted(std::chrono::steady_clock::now(), true);
        self.try_ready();
    });
}

void monitor_impl::stopping() {
    post([](monitor_impl& self) {
        self.watcher_.finish(std::chrono::steady_clock::now());
        self.watcher_.stopping();
        self.tick();
    });
}

void monitor_impl::reloading() {
    post([](monitor_impl& self) {
        // Before READY=1 it is part of the start, after STOPPING=1 of the end.
        if (self.watcher_.is_ready() && !self.watcher_.is_stopping()) {
            self.reloading_ = true;
            self.notifier_->reloading();
        }
    });
}

void monitor_impl::configuration_loaded(std::vector<std::string> files) {
    post([files = std::move(files)](monitor_impl& self) {
        self.config_files_ = files;
        self.reporter_.publish(model::config_loaded{files}, source_location::current());
        self.end_reload();
    });
}

void monitor_impl::configuration_rejected(std::vector<std::string> files, std::string error) {
    post([files = std::move(files), error = std::move(error)](monitor_impl& self) {
        self.reporter_.publish(model::config_rejected{files, error}, source_location::current());
        self.end_reload();
    });
}

void monitor_impl::note(model::priority severity, std::string text, const source_location& where) {
    reporter_.note(severity, std::move(text), where);
}

void monitor_impl::flush() {
    // Behind everything that was posted before, on the watcher's queue and then in the outboxes.
    auto passed = std::make_shared<std::promise<void>>();
    post([passed](monitor_impl&) { passed->set_value(); });
    const auto end = std::chrono::steady_clock::now() + report::outbox::last_patience;
    passed->get_future().wait_until(end);
    reporter_.flush(std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now()));
}

} // namespace loopmon::detail
