// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/export.hpp>

#include <loopmon/limits.hpp>
#include <loopmon/source_location.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace loopmon {

enum class bus_kind { none, system, session };

struct monitor_options {
    bus_kind bus = bus_kind::none;
    std::string bus_address = {}; ///< a D-Bus address, used instead of `bus` if it is not empty
    /// Bus name; empty: `org.loopmon1.app.ID` with ID the name of the program.
    std::string bus_name = {};
    monitor_settings settings = {};
    /// Where the record of a trip is kept; empty: $STATE_DIRECTORY, or nowhere.
    std::string state_directory = {};
    /// The monitor sends READY=1 itself when every watched loop has made its first turn. False: the
    /// program calls ready() when it is.
    bool auto_ready = true;
    /// The real-time signal by which the stack of a stuck thread is taken; nothing: one that is
    /// rarely used, 0: none is taken. A signal that the program uses already is left alone, and the
    /// journal says so. What it means for the program: see README, "Stacks".
    std::optional<int> stack_signal = {};
    /// Serves the D-Bus method Reload, on the watcher thread: hand it to a thread of your own and
    /// call `done` from anywhere when it is over, with an empty text or with what is wrong. Empty:
    /// the method does not exist.
    std::function<void(std::function<void(std::string error)> done)> reload = {};
};

namespace detail {
class monitor_impl;
}

/// A loop that is being watched; destruction ends it. Movable. Must not outlive its monitor; it may
/// outlive the loop. Thread-safe.
class LOOPMON_API watched {
public:
    watched() noexcept;
    watched(watched&& other) noexcept;
    watched& operator=(watched&& other) noexcept;
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;
    ~watched();

    /// Replaces all options but the name.
    /// @throws std::invalid_argument as monitor::watch; nothing is changed then
    void configure(const watch_options& options);

private:
    friend class monitor;
    watched(std::shared_ptr<detail::monitor_impl> owner, std::uint64_t id) noexcept;
    std::shared_ptr<detail::monitor_impl> owner_;
    std::uint64_t id_ = 0;
};

struct probe_options {
    std::string name;   ///< unique in its monitor; part of the D-Bus object path
    std::string kind;   ///< e.g. "dbus"
    std::string target; ///< what is asked, for people
    duration slow = std::chrono::milliseconds(250); ///< an answer that takes this long is `slow`
};

/// Reports the answers of something that is asked regularly: another daemon, a device, a server.
/// Its state, latencies and failures appear as an `org.loopmon1.Probe`, changes in the journal.
/// Movable; destruction removes it. Thread-safe; never blocks. An empty one reports nothing.
class LOOPMON_API probe {
public:
    probe() noexcept;
    probe(probe&& other) noexcept;
    probe& operator=(probe&& other) noexcept;
    probe(const probe&) = delete;
    probe& operator=(const probe&) = delete;
    ~probe();

    void answered(duration latency);
    /// @param error for people: why there was no answer
    void failed(std::string_view error);

private:
    friend class monitor;
    probe(std::shared_ptr<detail::monitor_impl> owner, std::uint64_t id) noexcept;
    std::shared_ptr<detail::monitor_impl> owner_;
    std::uint64_t id_ = 0;
};

/// Watches loops from a thread of its own, judges them, and reports: journal, D-Bus, service
/// manager. Its threads take no signals of the program. All members are thread-safe. A bus, a
/// journal or a disk that fails stops none of it.
class LOOPMON_API monitor {
public:
    /// Starts the watcher thread.
    /// @throws std::invalid_argument for options out of range; std::system_error without a thread
    explicit monitor(monitor_options options = {});
    ~monitor(); ///< sends STOPPING=1 to the service manager, ends the thread
    monitor(const monitor&) = delete;
    monitor& operator=(const monitor&) = delete;

    /// Watches a loop; sampling starts with its next turn. Adds no work that would keep run() from
    /// returning, and does not blame a loop for time in which run() is not called because it
    /// returned. The context may run on any number of threads.
    /// @throws std::invalid_argument for options out of range, a name that is taken, or a context
    ///         that is watched already
    [[nodiscard]] watched watch(boost::asio::io_context& io, const watch_options& options = {});

    /// @throws std::invalid_argument for a name that is taken or empty
    [[nodiscard]] probe add_probe(probe_options options);

    /// Replaces settings as one.
    /// @throws std::invalid_argument for options out of range; nothing is changed then
    void configure(const monitor_settings& settings);

    /// READY=1: start-up is over; the watchdog is fed from here on and judgement begins after
    /// `grace`. With a bus, waits in the background for the bus name, at most 2 s. The first call
    /// counts.
    void ready();
    /// STOPPING=1: nothing is judged or fed any more. The first call counts.
    void stopping();

    /// RELOADING=1: the program is about to read its configuration again. End it with one of the
    /// next two; the service manager then gets READY=1, whatever came of it.
    void reloading();
    /// The configuration in force was read from these files (none: defaults): `config-loaded`.
    void configuration_loaded(std::vector<std::string> files);
    /// It was not, and the previous one stays in force: `config-rejected`.
    /// @param error one line a mistake
    void configuration_rejected(std::vector<std::string> files, std::string error);

    /// Writes a plain line where the monitor's own records go. Never blocks.
    /// @param priority as in syslog(3), 0 (emerg) to 7 (debug)
    void log(int priority, std::string text,
             const source_location& where = source_location::current());
    /// Waits until what was said so far has left the process, at most a second.
    void flush();
    /// Records less urgent than this are not written; 6 (info) at first.
    void log_level(int priority);

private:
    std::shared_ptr<detail::monitor_impl> impl_;
};

/// True while any loop watched in this process is `degraded` or worse. Wait-free, any thread; for a
/// program that wants to shed load. The library itself sheds nothing.
[[nodiscard]] LOOPMON_API bool overloaded() noexcept;

} // namespace loopmon
