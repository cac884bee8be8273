// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/build_variant.hpp>
#include <loopmon/detail/c_options.hpp>
#include <loopmon/detail/handle.hpp>
#include <loopmon/loopmon.h>
#include <loopmon/options.hpp>
#include <loopmon/source_location.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace loopmon {

/// A loop that is being watched; destruction ends it. Movable. Must not outlive its monitor; it may
/// outlive the loop. Thread-safe.
class watched {
public:
    watched() noexcept = default;

    /// Replaces all options but the name.
    /// @throws std::invalid_argument as monitor::watch; nothing is changed then
    void configure(const watch_options& options) {
        if (watch_) {
            const auto given = detail::c_options(options);
            detail::check(loopmon_watch_configure(watch_.get(), &given));
        }
    }

private:
    friend class monitor;
    explicit watched(loopmon_watch* made) noexcept : watch_(made) {}

    detail::handle<loopmon_watch, loopmon_watch_free> watch_;
};

/// Reports the answers of something that is asked regularly: another daemon, a device, a server.
/// Its state, latencies and failures appear as an `org.loopmon1.Probe`, changes in the journal.
/// Movable; destruction removes it. Thread-safe; never blocks. An empty one reports nothing.
class probe {
public:
    probe() noexcept = default;

    void answered(duration latency) {
        if (probe_) {
            detail::check(loopmon_probe_answered(probe_.get(), latency.count()));
        }
    }
    /// @param error for people: why there was no answer
    void failed(std::string_view error) {
        if (probe_) {
            detail::check(loopmon_probe_failed(probe_.get(), std::string(error).c_str()));
        }
    }

private:
    friend class monitor;
    explicit probe(loopmon_probe* made) noexcept : probe_(made) {}

    detail::handle<loopmon_probe, loopmon_probe_free> probe_;
};

/// Watches loops from a thread of its own, judges them, and reports: journal, D-Bus, service
/// manager. Its threads take no signals of the program. All members are thread-safe. A bus, a
/// journal or a disk that fails stops none of it. In a child of fork() they do nothing.
class monitor {
public:
    /// Starts the watcher thread.
    /// @throws std::invalid_argument for options out of range; std::system_error without a thread
    explicit monitor(monitor_options options = {}) {
        loopmon_monitor* made = nullptr;
        detail::check(loopmon_monitor_new(detail::c_monitor_options(std::move(options)), &made));
        monitor_.reset(made);
    }
    monitor(const monitor&) = delete;
    monitor& operator=(const monitor&) = delete;
    ~monitor() = default; ///< sends STOPPING=1 to the service manager, ends the thread

    /// Watches a loop; sampling starts with its next turn. Adds no work that would keep run() from
    /// returning, and does not blame a loop for time in which run() is not called because it
    /// returned. The context may run on any number of threads.
    /// @throws std::invalid_argument for options out of range, a name that is taken, or a context
    ///         that is watched already
    [[nodiscard]] watched watch(boost::asio::io_context& io, const watch_options& options = {});

    /// @throws std::invalid_argument for a name that is taken or empty
    [[nodiscard]] probe add_probe(const probe_options& options) {
        loopmon_probe* made = nullptr;
        detail::check(loopmon_monitor_probe(monitor_.get(), options.name.c_str(),
                                            options.kind.c_str(), options.target.c_str(),
                                            options.slow.count(), &made));
        return probe(made);
    }

    /// Replaces settings as one.
    /// @throws std::invalid_argument for options out of range; nothing is changed then
    void configure(const monitor_settings& settings) {
        const auto given = detail::c_options(settings);
        detail::check(loopmon_monitor_configure(monitor_.get(), &given));
    }

    /// READY=1: start-up is over; the watchdog is fed from here on and judgement begins after
    /// `grace`. With a bus, waits in the background for the bus name, at most 2 s. The first call
    /// counts.
    void ready() { detail::check(loopmon_monitor_ready(monitor_.get())); }
    /// STOPPING=1: nothing is judged or fed any more. The first call counts.
    void stopping() { detail::check(loopmon_monitor_stopping(monitor_.get())); }

    /// RELOADING=1: the program is about to read its configuration again. End it with one of the
    /// next two; the service manager then gets READY=1, whatever came of it.
    void reloading() { detail::check(loopmon_monitor_reloading(monitor_.get())); }
    /// The configuration in force was read from these files (none: defaults): `config-loaded`.
    void configuration_loaded(const std::vector<std::string>& files) {
        detail::check(
            loopmon_monitor_configuration_loaded(monitor_.get(), detail::c_list(files).data()));
    }
    /// It was not, and the previous one stays in force: `config-rejected`.
    /// @param error one line for each mistake
    void configuration_rejected(const std::vector<std::string>& files, const std::string& error) {
        detail::check(loopmon_monitor_configuration_rejected(
            monitor_.get(), detail::c_list(files).data(), error.c_str()));
    }

    /// Writes a plain line where the monitor's own records go. Never blocks.
    /// @param priority as in syslog(3), 0 (emerg) to 7 (debug)
    void log(int priority, const std::string& text,
             const source_location& where = source_location::current()) {
        detail::check(loopmon_monitor_log(monitor_.get(), priority, text.c_str(), where.file_name(),
                                          where.line(), where.function_name()));
    }
    /// Waits until what was reported so far has left the process, at most a second.
    void flush() { detail::check(loopmon_monitor_flush(monitor_.get())); }
    /// Records less urgent than this are not written; 6 (info) at first.
    void log_level(int priority) {
        detail::check(loopmon_monitor_log_level(monitor_.get(), priority));
    }

private:
    detail::handle<loopmon_monitor, loopmon_monitor_free> monitor_;
};

/// True while any loop watched in this process is `degraded` or worse. Wait-free, any thread; for a
/// program that wants to shed load. The library itself sheds nothing.
[[nodiscard]] inline bool overloaded() noexcept {
    return loopmon_overloaded() != 0;
}

} // namespace loopmon
