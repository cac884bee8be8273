// SPDX-License-Identifier: MIT
#include "bus/bus_connection.hpp"

#include <loopmon/systemd/detail/open_bus.hpp>

#include <systemd/sd-bus.h>

#include <cerrno>
#include <exception>
#include <random>
#include <system_error>
#include <utility>

namespace loopmon::bus {

namespace {

// A broker that dies sooner after each handshake is in a crash loop, which counts as one failure
// after the other; else it would be asked, and its end reported, four times a second for ever.
constexpr std::chrono::seconds stable_after{1};

// Of the timer: zero would be sd-event's default of 250 ms.
constexpr std::uint64_t accuracy_usec = 1;

void check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(-result, std::system_category(), what);
    }
}

std::string text_of(int error) {
    // What sd-bus reports when the environment does not name the session bus.
    if (error == ENOMEDIUM) {
        return "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set";
    }
    return std::system_category().message(error);
}

} // namespace

bus_connection::bus_connection(sd_event* event, connection_options options, handlers on)
    : event_(event),
      options_(std::move(options)),
      handle_(std::move(on)),
      delay_(options_.first_retry, options_.last_retry, std::random_device{}()) {
    sd_event_source* source = nullptr;
    check(sd_event_add_time_relative(event_, &source, CLOCK_MONOTONIC, 0, accuracy_usec, &on_time,
                                     this),
          "sd_event_add_time");
    timer_.reset(source);
    check(sd_event_add_post(event_, &source, &on_event, this), "sd_event_add_post");
    after_each_event_.reset(source);
}

bus_connection::~bus_connection() {
    stop();
}

void bus_connection::stop() noexcept {
    phase_ = phase::stopped;
    timer_.reset();
    after_each_event_.reset();
    bus_.reset();
}

void bus_connection::arm(std::chrono::milliseconds after) noexcept {
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(after).count();
    // Neither fails for a source of this loop that is there already.
    sd_event_source_set_time_relative(timer_.get(), static_cast<std::uint64_t>(usec));
    sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
}

int bus_connection::on_time(sd_event_source* /*source*/, std::uint64_t /*usec*/,
                            void* self) noexcept {
    auto& connection = *static_cast<bus_connection*>(self);
    try {
        if (connection.phase_ == phase::connecting) {
            connection.retry("no answer within " +
                             std::to_string(connection.options_.handshake_timeout.count()) + "ms");
        } else if (connection.phase_ == phase::waiting) {
            connection.attempt();
        }
    } catch (const std::exception&) { // out of memory
        connection.bus_.reset();
        connection.phase_ = phase::waiting;
        connection.arm(connection.options_.last_retry);
    }
    return 0;
}

int bus_connection::on_event(sd_event_source* /*source*/, void* self) noexcept {
    try {
        static_cast<bus_connection*>(self)->update();
    } catch (const std::exception&) { // out of memory; the state is looked at again
    }
    return 0;
}

void bus_connection::attempt() {
    int r = systemd::open_bus(options_.address, "loopmon", bus_);
    if (r >= 0) {
        r = sd_bus_attach_event(bus_.get(), event_, SD_EVENT_PRIORITY_NORMAL);
    }
    phase_ = phase::connecting;
    if (r < 0) {
        retry(text_of(-r));
    } else {
        arm(options_.handshake_timeout);
    }
}

void bus_connection::update() {
    if (phase_ == phase::connecting && sd_bus_is_ready(bus_.get()) > 0) {
        sd_event_source_set_enabled(timer_.get(), SD_EVENT_OFF);
        phase_ = phase::connected;
        connected_at_ = clock::now();
        handle_.connected(bus_.get());
    }
    if (bus_ && sd_bus_is_open(bus_.get()) <= 0) { // perhaps closed by what it was just used for
        retry("the broker closed the connection");
    }
}

void bus_connection::retry(const std::string& reason) {
    const bool was_connected = std::exchange(phase_, phase::waiting) == phase::connected;
    if (was_connected && clock::now() - connected_at_ >= stable_after) {
        delay_.reset();
    }
    arm(delay_.next());
    const auto lost = std::move(bus_); // closed when its objects have been dropped
    const char* const what =
        was_connected ? "lost the connection to D-Bus at " : "cannot connect to D-Bus at ";
    handle_.lost(what + systemd::bus_name_for_people(options_.address) + ": " + reason);
}

} // namespace loopmon::bus
