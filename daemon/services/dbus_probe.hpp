// SPDX-License-Identifier: MIT
//
// Asks another daemon on the bus, at regular intervals, whether its event loop still answers: a
// call of org.freedesktop.DBus.Peer.Ping, which every D-Bus library answers from the loop of its
// program. The bus itself refuses Ping to unprivileged users and is asked for its id instead.
//
// A target that does not answer in time has failed, again at each interval, until it has answered.
// It never starts its target (no auto-start flag), so a name without an owner is a failure.
#pragma once

#include "config/config.hpp"

#include <loopmon/monitor.hpp>
#include <loopmon/systemd/async_call.hpp>
#include <loopmon/systemd/bus_link.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace loopmond {

/// The connection that all probes of a loop share, for the strand that they run on.
struct probe_bus {
    std::shared_ptr<loopmon::systemd::bus_link> link;
    std::string error; ///< why there is none; empty while the first attempt is under way
};

/// All members but the constructor are for the strand, or the only thread, of the executor.
class dbus_probe : public std::enable_shared_from_this<dbus_probe> {
public:
    dbus_probe(boost::asio::any_io_executor strand, std::shared_ptr<const probe_bus> bus,
               probe_config config, loopmon::probe results);

    /// Begins to ask; one task, named after the probe, until stop().
    void start();
    /// Reports nothing any more, gives up the name of the probe at once, and ends the task.
    void stop();
    /// The connection is there: ask now and not only when the interval is over.
    void connected();

private:
    boost::asio::awaitable<void> run();
    boost::asio::awaitable<void> ask(loopmon::systemd::bus_pump& bus);
    [[nodiscard]] loopmon::systemd::message_ptr question(loopmon::systemd::bus_pump& bus) const;
    void report(const loopmon::systemd::call_error& error,
                std::chrono::steady_clock::duration latency);
    [[nodiscard]] std::string explain(const loopmon::systemd::call_error& error,
                                      std::chrono::steady_clock::duration latency) const;

    boost::asio::any_io_executor strand_;
    std::shared_ptr<const probe_bus> bus_;
    probe_config config_;
    loopmon::probe results_;
    boost::asio::steady_timer timer_;
    /// What became of the question that was asked last; nothing while it is open.
    struct outcome {
        loopmon::systemd::call_error error;
        std::chrono::steady_clock::duration latency;
    };
    std::optional<outcome> answer_;
    bool stopped_ = false;
};

} // namespace loopmond
