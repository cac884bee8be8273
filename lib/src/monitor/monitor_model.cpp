// SPDX-License-Identifier: MIT
// What the monitor shows on D-Bus and does for it. Watcher thread.
#include "inject.hpp"
#include "monitor_impl.hpp"

#include <ctime>
#include <utility>

namespace loopmon::detail {

model::manager_status monitor_impl::manager() {
    on_watcher_.check();
    const auto& last = reporter_.last_trip();
    const auto& gate = watcher_.gate();
    timespec cpu{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    return {.state = watcher_.is_stopping() ? "stopping"
                     : !watcher_.is_ready() ? "starting"
                                            : std::string(model::to_string(watcher_.worst())),
            .action = gate.limits().action,
            .watchdog = gate.state(),
            .watchdog_period = gate.period(),
            .watchdog_lag = gate.limits().lag,
            .n_trips = last.n_trips,
            .last_trip = last.when,
            .last_trip_reason = last.reason,
            .config_files = config_files_,
            .monitor_cpu =
                std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec)};
}

std::vector<model::program::id> monitor_impl::loops() {
    on_watcher_.check();
    std::vector<id> out;
    for (const auto& [key, loop] : watcher_.loops()) {
        out.push_back(key);
    }
    return out;
}

std::vector<model::program::id> monitor_impl::probes() {
    on_watcher_.check();
    std::vector<id> out;
    for (const auto& [key, probe] : watcher_.probes()) {
        out.push_back(key);
    }
    return out;
}

std::optional<model::loop_status> monitor_impl::loop(id which) {
    on_watcher_.check();
    auto* const found = watcher_.find(which);
    if (found == nullptr) {
        return std::nullopt;
    }
    return found->status(std::chrono::steady_clock::now(), watcher_.pauses());
}

model::lag_summary monitor_impl::window(id loop) {
    on_watcher_.check();
    const auto* const found = watcher_.find(loop);
    return found == nullptr ? model::lag_summary()
                            : found->window(std::chrono::steady_clock::now());
}

std::optional<model::probe_status> monitor_impl::probe(id which) {
    on_watcher_.check();
    const auto found = watcher_.probes().find(which);
    if (found == watcher_.probes().end()) {
        return std::nullopt;
    }
    return found->second.status();
}

std::vector<model::task_status> monitor_impl::tasks(id loop, std::uint64_t after,
                                                    std::size_t most) {
    on_watcher_.check();
    const auto* const found = watcher_.find(loop);
    return found == nullptr ? std::vector<model::task_status>()
                            : found->tasks(std::chrono::steady_clock::now(), after, most);
}

std::vector<model::task_group> monitor_impl::task_groups(id loop, std::size_t most) {
    on_watcher_.check();
    const auto* const found = watcher_.find(loop);
    return found == nullptr ? std::vector<model::task_group>()
                            : found->task_groups(std::chrono::steady_clock::now(), most);
}

std::optional<model::bucket_list> monitor_impl::histogram(id loop, model::histogram_kind which) {
    on_watcher_.check();
    const auto* const found = watcher_.find(loop);
    return found == nullptr ? std::nullopt
                            : found->histogram(std::chrono::steady_clock::now(), which);
}

std::vector<model::stall_status> monitor_impl::stalls(id loop) {
    on_watcher_.check();
    const auto* const found = watcher_.find(loop);
    return found == nullptr ? std::vector<model::stall_status>()
                            : found->stalls(std::chrono::steady_clock::now());
}

std::vector<model::history_entry> monitor_impl::history(id loop) {
    on_watcher_.check();
    const auto* const found = watcher_.find(loop);
    return found == nullptr ? std::vector<model::history_entry>() : found->history();
}

void monitor_impl::reset_statistics() {
    on_watcher_.check();
    for (auto& [key, loop] : watcher_.loops()) {
        loop.reset_statistics(std::chrono::steady_clock::now());
    }
    for (auto& [key, probe] : watcher_.probes()) {
        probe.reset_statistics();
    }
}

void monitor_impl::reload(std::function<void(std::string error)> done) {
    on_watcher_.check();
    // What `done` holds belongs to the bus connection and must end on this thread, whatever the
    // program does with the function that it is given.
    const auto number = ++last_reload_;
    reloads_.emplace(number, std::move(done));
    options_.reload([weak = weak_from_this(), number](std::string error) {
        if (const auto self = weak.lock()) {
            self->post([number, error = std::move(error)](monitor_impl& on_watcher) {
                on_watcher.finish_reload(number, error);
            });
        }
    });
}

void monitor_impl::finish_reload(std::uint64_t number, const std::string& error) {
    on_watcher_.check();
    const auto pending = reloads_.extract(number);
    if (!pending.empty()) {
        pending.mapped()(error);
        bus_->service()->signal_changes(); // and send the reply
    }
}

bool monitor_impl::inject(std::string_view kind, duration length) {
    const std::lock_guard lock(registrations_mutex_);
    return !registrations_.empty() &&
           loopmon::inject(*registrations_.begin()->second.loop, kind, length);
}

} // namespace loopmon::detail
