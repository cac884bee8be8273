// SPDX-License-Identifier: MIT
#pragma once

#include "services/dbus_probe.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace loopmond {

/// The built-in probes of the main loop and the connection they share. Made anywhere, then for the
/// strand, or the only thread, of the executor.
class probe_set : public std::enable_shared_from_this<probe_set> {
public:
    /// @param strand where they all run: a connection of sd-bus stands one thread at a time
    /// @param address of the bus that the targets are on
    probe_set(boost::asio::any_io_executor strand, loopmon::monitor& monitor, std::string address);

    /// Makes the set of running probes that of the configuration; those that did not change go on
    /// undisturbed.
    void configure(const std::vector<probe_config>& wanted);
    /// Ends all of them, so that the loop can run dry.
    void stop();

private:
    void connect();

    struct running {
        probe_config config;
        std::shared_ptr<dbus_probe> probe;
    };

    boost::asio::any_io_executor strand_;
    loopmon::monitor& monitor_;
    std::string address_;
    std::shared_ptr<probe_bus> bus_ = std::make_shared<probe_bus>();
    std::map<std::string, running> probes_;
};

} // namespace loopmond
