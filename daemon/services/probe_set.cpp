// SPDX-License-Identifier: MIT
#include "services/probe_set.hpp"

#include <algorithm>
#include <utility>

namespace loopmond {

probe_set::probe_set(boost::asio::any_io_executor strand, loopmon::monitor& monitor,
                     std::string address)
    : strand_(std::move(strand)), monitor_(monitor), address_(std::move(address)) {}

void probe_set::connect() {
    const auto weak = weak_from_this();
    bus_->link = loopmon::systemd::bus_link::start(
        strand_, {.address = address_, .description = "loopmond-probes"},
        {.connected =
             [weak](loopmon::systemd::bus_pump&) {
                 if (const auto self = weak.lock()) {
                     self->bus_->error.clear();
                     for (const auto& [name, entry] : self->probes_) {
                         entry.probe->connected();
                     }
                 }
             },
         .lost =
             [weak](const std::string& error, bool) {
                 if (const auto self = weak.lock()) {
                     self->bus_->error = error;
                 }
             }});
}

void probe_set::configure(const std::vector<probe_config>& wanted) {
    std::map<std::string, running> next;
    for (const auto& config : wanted) {
        if (auto same = probes_.find(config.name);
            same != probes_.end() && same->second.config == config) {
            next.insert(probes_.extract(same));
        } else if (same != probes_.end()) {
            same->second.probe->stop(); // its name is free for its successor now
        }
    }
    for (auto& [name, entry] : probes_) {
        entry.probe->stop();
    }
    probes_ = std::move(next);
    if (!wanted.empty() && !bus_->link) {
        connect();
    }
    for (const auto& config : wanted) {
        if (probes_.count(config.name) == 0) {
            const auto probe =
                std::make_shared<dbus_probe>(strand_, bus_, config,
                                             monitor_.add_probe({.name = config.name,
                                                                 .kind = "dbus",
                                                                 .target = config.target,
                                                                 .slow = config.slow}));
            probes_.emplace(config.name, running{config, probe});
            probe->start();
        }
    }
}

void probe_set::stop() {
    for (const auto& [name, entry] : probes_) {
        entry.probe->stop();
    }
    probes_.clear();
    if (bus_->link) {
        bus_->link->stop();
    }
}

} // namespace loopmond
