// SPDX-License-Identifier: MIT
#include "services/dbus_probe.hpp"

#include <loopmon/spawn.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <systemd/sd-bus.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace loopmond {

namespace {

using loopmon::systemd::bus_pump;
using loopmon::systemd::call_error;
using loopmon::systemd::message_ptr;

constexpr std::string_view bus_itself = "org.freedesktop.DBus";

// The broker remembers each question until it is answered, and at most 128 for one connection,
// which all probes share. So a target that is silent has one question open, and is not asked
// another.
constexpr auto patience_with_broker = std::chrono::hours(24);

/// Only a target whose loop runs can answer like this. (An object path need not exist to be pinged,
/// but not every implementation knows.)
bool proves_life(const call_error& error) {
    constexpr std::array<std::string_view, 3> answers = {
        SD_BUS_ERROR_UNKNOWN_METHOD, SD_BUS_ERROR_UNKNOWN_OBJECT, SD_BUS_ERROR_UNKNOWN_INTERFACE};
    return std::find(answers.begin(), answers.end(), error.name) != answers.end();
}

bool is_silence(const call_error& error) {
    return error.name == SD_BUS_ERROR_NO_REPLY || error.name == SD_BUS_ERROR_TIMEOUT;
}

} // namespace

dbus_probe::dbus_probe(boost::asio::any_io_executor strand, std::shared_ptr<const probe_bus> bus,
                       probe_config config, loopmon::probe results)
    : strand_(std::move(strand)),
      bus_(std::move(bus)),
      config_(std::move(config)),
      results_(std::move(results)),
      timer_(strand_) {}

void dbus_probe::start() {
    loopmon::spawn(strand_, "probe:" + config_.name,
                   [self = shared_from_this()] { return self->run(); });
}

void dbus_probe::stop() {
    stopped_ = true;
    results_ = {};
    timer_.cancel();
}

void dbus_probe::connected() {
    timer_.cancel();
}

boost::asio::awaitable<void> dbus_probe::run() {
    while (!stopped_) {
        const auto begin = std::chrono::steady_clock::now();
        if (const auto bus = bus_->link->pump()) {
            co_await ask(*bus);
        } else if (!bus_->error.empty()) {
            results_.failed(bus_->error);
        }
        if (!stopped_) {
            timer_.expires_at(begin + config_.interval);
            co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
    }
}

boost::asio::awaitable<void> dbus_probe::ask(bus_pump& bus) {
    const auto asked = std::chrono::steady_clock::now();
    auto message = question(bus);
    if (!message) {
        results_.failed("out of memory");
        co_return;
    }
    answer_.reset();
    loopmon::systemd::async_call(
        bus, std::move(message), patience_with_broker,
        boost::asio::bind_executor(
            strand_, [self = shared_from_this(), asked](const call_error& error,
                                                        const message_ptr& /*reply*/) {
                self->answer_ = {error, std::chrono::steady_clock::now() - asked};
                self->timer_.cancel();
            }));
    bool given_up = false;
    auto due = asked + config_.timeout;
    while (!answer_ && !stopped_) {
        timer_.expires_at(due);
        co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        if (!answer_ && !stopped_ && std::chrono::steady_clock::now() >= due) {
            report({.name = SD_BUS_ERROR_NO_REPLY, .message = {}}, config_.timeout);
            given_up = true;
            due += config_.interval;
        }
    }
    if (!stopped_ && !given_up) { // else it is too late, and asked again
        report(answer_->error, answer_->latency);
    }
}

void dbus_probe::report(const call_error& error, std::chrono::steady_clock::duration latency) {
    const bool answered = !error || proves_life(error);
    // While our own loop is late, the answer has waited for us and not we for it: neither its
    // delay nor its absence is evidence against the target. Any other error is.
    if ((answered || is_silence(error)) && loopmon::overloaded()) {
        return;
    }
    if (answered) {
        results_.answered(latency);
    } else {
        results_.failed(explain(error, latency));
    }
}

message_ptr dbus_probe::question(bus_pump& bus) const {
    const bool broker = config_.bus_name == bus_itself;
    sd_bus_message* message = nullptr;
    const int r = bus.with_bus([&](sd_bus* connection) {
        return sd_bus_message_new_method_call(
            connection, &message, config_.bus_name.c_str(), broker ? "/org/freedesktop/DBus" : "/",
            broker ? "org.freedesktop.DBus" : "org.freedesktop.DBus.Peer",
            broker ? "GetId" : "Ping");
    });
    message_ptr owned(message);
    if (r < 0 || sd_bus_message_set_auto_start(message, 0) < 0) {
        return nullptr;
    }
    return owned;
}

std::string dbus_probe::explain(const call_error& error,
                                std::chrono::steady_clock::duration latency) const {
    if (error.name == SD_BUS_ERROR_NAME_HAS_NO_OWNER ||
        error.name == SD_BUS_ERROR_SERVICE_UNKNOWN) {
        return config_.bus_name + " has no owner: the service is not running";
    }
    // The broker also says so, and at once, when the target leaves the bus instead of answering.
    if (is_silence(error) && latency >= config_.timeout) {
        return "no answer within " +
               std::to_string(
                   std::chrono::duration_cast<std::chrono::milliseconds>(config_.timeout).count()) +
               "ms";
    }
    return error.message.empty() ? error.name : error.message;
}

} // namespace loopmond
