// SPDX-License-Identifier: MIT
//
// The monitor's side of D-Bus: a connection of its own on the watcher thread, the objects on it,
// and the name. It comes and goes with the broker; nothing else depends on it.
#pragma once

#include "base/fork.hpp"
#include "base/thread_bound.hpp"
#include "bus/bus_connection.hpp"
#include "bus/bus_guard.hpp"
#include "bus/bus_object.hpp"
#include "model/sink.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace loopmon::bus {

/// All on the thread that runs the event loop.
class bus_service {
public:
    /// @param settled called once, when the name is owned or the first attempt to get it has failed
    /// @param lost    it was reported as lost, so that it comes back is to be reported, too
    /// @throws std::exception without descriptors or memory
    bus_service(sd_event* event, const std::string& address, std::string name, program& source,
                sink& events, std::function<void()> settled, bool lost = false);
    bus_service(const bus_service&) = delete;
    bus_service& operator=(const bus_service&) = delete;

    /// Loops or probes came or went.
    void sync();
    /// Signals properties that changed and stalls that began or ended, and sends what replies have
    /// queued. Nothing is signalled before the name is owned (or cannot be): listeners would
    /// not get them. What happened meanwhile is signalled then.
    void signal_changes();
    /// Whether a change waits for the broker to read what was sent before; then signal_changes()
    /// is to be called again, in a while.
    [[nodiscard]] bool is_behind() const { return behind_; }
    void stop();

private:
    void connected(sd_bus* bus);
    void lost(const std::string& error);
    void name_answered(const std::string& error);
    void flush();
    /// Adds to the bus, or says why it could not.
    void add(sd_bus* bus, exported_object& object);

    using objects = std::map<program::id, std::unique_ptr<exported_object>>;
    template <class Make>
    void sync(objects& have, const std::vector<program::id>& want, const Make& make);

    base::thread_bound thread_;
    std::string name_;
    moment shown_;
    bus_guard guard_;
    base::closed_in_child socket_; ///< a child would keep the name owned
    sink& events_;
    std::function<void()> settled_;
    systemd::slot_ptr object_manager_;
    systemd::slot_ptr name_request_;
    std::unique_ptr<exported_object> manager_;
    std::unique_ptr<exported_object> log_control_;
    objects loops_;
    objects probes_;
    bool reported_lost_;
    bool name_answered_ = false; ///< on this connection
    bool behind_ = false;
    bus_connection connection_; ///< calls the rest
};

} // namespace loopmon::bus
