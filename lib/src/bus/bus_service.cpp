// SPDX-License-Identifier: MIT
#include "bus/bus_service.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace loopmon::bus {

namespace {

// RequestName replies (D-Bus specification, "org.freedesktop.DBus.RequestName").
constexpr std::uint32_t primary_owner = 1;
constexpr std::uint32_t already_owner = 4;

/// Why the name was not given; empty if it was.
std::string refusal(sd_bus_message* reply) {
    std::uint32_t outcome = 0;
    if (sd_bus_message_is_method_error(reply, nullptr) > 0) {
        return sd_bus_message_get_error(reply)->message;
    }
    const bool owned = sd_bus_message_read(reply, "u", &outcome) >= 0 &&
                       (outcome == primary_owner || outcome == already_owner);
    return owned ? "" : "another process owns it";
}

} // namespace

bus_service::bus_service(sd_event* event, const std::string& address, std::string name,
                         program& source, sink& events, std::function<void()> settled, bool lost)
    : name_(std::move(name)),
      shown_(source),
      guard_(shown_),
      events_(events),
      settled_(std::move(settled)),
      manager_(make_manager_object(shown_)),
      log_control_(make_log_control(source)),
      reported_lost_(lost),
      connection_(event, {.address = address},
                  {.connected = [this](sd_bus* bus) { connected(bus); },
                   .lost = [this](const std::string& error) { this->lost(error); }}) {
    sync();
}

void bus_service::add(sd_bus* bus, exported_object& object) {
    for (const auto member : object.protected_members()) {
        guard_.protect(member);
    }
    if (const int r = object.add_to(bus); r < 0) {
        events_.publish(
            model::bus_lost{"cannot export " + object.path() + ": " + std::strerror(-r)});
    }
}

void bus_service::connected(sd_bus* bus) {
    thread_.check();
    socket_.set(sd_bus_get_fd(bus));
    if (const int r = guard_.add_to(bus); r < 0) {
        name_answered(std::strerror(-r)); // no object without its guard
        return;
    }
    sd_bus_slot* slot = nullptr;
    if (const int r = sd_bus_add_object_manager(bus, &slot, bus_root); r < 0) {
        events_.publish(
            model::bus_lost{std::string("cannot export the ObjectManager: ") + std::strerror(-r)});
    }
    object_manager_.reset(slot);
    add(bus, *manager_);
    add(bus, *log_control_);
    for (const auto* kind : {&loops_, &probes_}) {
        for (const auto& [id, object] : *kind) {
            add(bus, *object);
        }
    }
    // The name comes last: who sees it may use everything behind it.
    slot = nullptr;
    const int r = sd_bus_request_name_async(
        bus, &slot, name_.c_str(), 0,
        [](sd_bus_message* reply, void* userdata, sd_bus_error*) noexcept {
            try {
                static_cast<bus_service*>(userdata)->name_answered(refusal(reply));
            } catch (...) { // out of memory; the next change is signalled anyway
            }
            return 1;
        },
        this);
    name_request_.reset(slot);
    if (r < 0) {
        name_answered(std::strerror(-r));
    }
}

void bus_service::name_answered(const std::string& error) {
    thread_.check();
    if (!error.empty()) {
        reported_lost_ = true;
        events_.publish(model::bus_lost{
            "cannot own the bus name " + name_ + ": " + error +
            " (is its D-Bus policy installed, and has the bus reloaded its configuration?)"});
    } else if (std::exchange(reported_lost_, false)) {
        events_.publish(model::bus_regained{});
    }
    name_answered_ = true;
    signal_changes(); // of the time without a bus
    flush();
}

void bus_service::lost(const std::string& error) {
    thread_.check();
    socket_.clear();
    name_request_.reset();
    name_answered_ = false;
    guard_.drop();
    object_manager_.reset();
    manager_->drop();
    log_control_->drop();
    for (const auto* kind : {&loops_, &probes_}) {
        for (const auto& [id, object] : *kind) {
            object->drop();
        }
    }
    if (!std::exchange(reported_lost_, true)) { // not again for each attempt
        events_.publish(model::bus_lost{error});
    }
    flush();
}

void bus_service::flush() {
    if (const auto settled = std::exchange(settled_, nullptr)) {
        settled();
    }
}

template <class Make>
void bus_service::sync(objects& have, const std::vector<program::id>& want, const Make& make) {
    thread_.check();
    auto* const bus = connection_.bus();
    for (auto object = have.begin(); object != have.end();) {
        if (std::find(want.begin(), want.end(), object->first) != want.end()) {
            ++object;
            continue;
        }
        if (bus != nullptr) {
            sd_bus_emit_object_removed(bus, object->second->path().c_str());
        }
        object = have.erase(object);
    }
    for (const auto id : want) {
        if (have.count(id) != 0) {
            continue;
        }
        auto& object = *have.emplace(id, make(id)).first->second;
        if (bus != nullptr) {
            add(bus, object);
            sd_bus_emit_object_added(bus, object.path().c_str());
        }
    }
}

void bus_service::sync() {
    thread_.check();
    shown_.pass();
    sync(loops_, shown_.source().loops(),
         [this](program::id id) { return make_loop_object(shown_, id, *shown_.loop(id)); });
    sync(probes_, shown_.source().probes(),
         [this](program::id id) { return make_probe_object(shown_, id, *shown_.probe(id)); });
}

void bus_service::signal_changes() {
    thread_.check();
    auto* const bus = connection_.bus();
    behind_ = bus != nullptr && name_answered_ && bus_guard::congested(bus);
    if (bus == nullptr || !name_answered_ || behind_) {
        return;
    }
    shown_.pass();
    manager_->signal_changes(bus);
    for (const auto* kind : {&loops_, &probes_}) {
        for (const auto& [id, object] : *kind) {
            object->signal_changes(bus);
        }
    }
}

void bus_service::stop() {
    thread_.check();
    name_request_.reset();
    guard_.drop();
    socket_.clear();
    connection_.stop();
}

} // namespace loopmon::bus
