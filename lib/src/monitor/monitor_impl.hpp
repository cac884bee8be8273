// SPDX-License-Identifier: MIT
//
// The composition root of the library: the only place that knows everybody.
//
// Start: read the state directory -> thread -> report the previous trip -> bus -> first round.
// Ready: the name is owned, or cannot be soon -> READY=1 with the first ping -> judgement after
// grace. Stop: no more pings, STOPPING=1 -> bus -> tick -> join ->
// outboxes.
//
// Public calls come from any thread and hand their work to the watcher's context; everything below
// "watcher thread" is only touched there. monitor_calls.cpp has the calls, monitor_thread.cpp what
// the watcher thread does by itself, monitor_model.cpp what it shows on the bus.
#pragma once

#include "base/fork.hpp"
#include "base/thread_bound.hpp"
#include "event_loop.hpp"
#include "model/notifier.hpp"
#include "model/program.hpp"
#include "proc/debugger_look.hpp"
#include "report/reporter.hpp"
#include "watch/clock_reader.hpp"
#include "watch/start_up.hpp"
#include "watch/thread_investigator.hpp"
#include "watch/watcher.hpp"
#include "work_queue.hpp"

#include <loopmon/options.hpp>
#include <loopmon/source_location.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace loopmon {

/// True while any loop watched in this process is `degraded` or worse. Wait-free, any thread.
[[nodiscard]] bool is_overloaded() noexcept;

} // namespace loopmon

namespace loopmon::detail {

class monitor_impl final : public model::program,
                           public std::enable_shared_from_this<monitor_impl> {
public:
    explicit monitor_impl(monitor_options options);

    // -- any thread
    void start();
    /// Ends the thread; nothing may be called any more but unwatch() and remove_probe().
    void shut_down();

    /// A loop that is being watched.
    struct registered {
        std::uint64_t key = 0;
        std::shared_ptr<measure::lag_gauge> gauge; ///< for its sampler, if it has one
    };
    registered watch(const std::shared_ptr<measure::loop_state>& loop,
                     const watch_options& options);
    void configure(std::uint64_t loop, watch_options options);
    void unwatch(std::uint64_t loop);

    std::uint64_t add_probe(probe_options options);
    void remove_probe(std::uint64_t probe);
    void answered(std::uint64_t probe, duration latency);
    void failed(std::uint64_t probe, std::string_view error);

    void configure(const monitor_settings& settings);
    void ready();
    void stopping();
    void reloading();
    void configuration_loaded(std::vector<std::string> files);
    void configuration_rejected(std::vector<std::string> files, std::string error);
    void note(model::priority severity, std::string text, const source_location& where);
    void flush();
    void log_level(model::priority least) { reporter_.log().level(least); }

    // -- in a child of fork(), see monitor_fork.cpp
    [[nodiscard]] bool in_child() const noexcept { return forks_ != base::forks(); }
    /// True in a child, which says so at the first time: nothing may be called any more.
    bool left_behind(const source_location& where = source_location::current()) noexcept;
    /// A line of the program, without the threads and locks of the reporter.
    void write_from_child(model::priority severity, std::string text,
                          const source_location& where) noexcept;
    /// Instead of its end.
    static void keep_for_good(const std::shared_ptr<monitor_impl>& left) noexcept;

    // -- model, watcher thread
    model::manager_status manager() override;
    std::vector<id> loops() override;
    std::vector<id> probes() override;
    std::optional<model::loop_status> loop(id which) override;
    model::lag_summary window(id loop) override;
    std::optional<model::probe_status> probe(id which) override;
    std::vector<model::task_status> tasks(id loop, std::uint64_t after, std::size_t most) override;
    std::vector<model::task_group> task_groups(id loop, std::size_t most) override;
    std::optional<model::bucket_list> histogram(id loop, model::histogram_kind which) override;
    std::vector<model::stall_status> stalls(id loop) override;
    std::vector<model::history_entry> history(id loop) override;
    std::string flight_record() override { return reporter_.flight_record(); }
    void reset_statistics() override;
    [[nodiscard]] bool can_reload() const override { return static_cast<bool>(options_.reload); }
    void reload(std::function<void(std::string error)> done) override;
    [[nodiscard]] bool injection_allowed() const override { return injection_; }
    bool inject(std::string_view kind, duration length) override;
    report::journal& log() override { return reporter_.log(); }

private:
    /// Hands work to the watcher thread.
    template <class Work>
    void post(Work work) {
        queue_.push([this, work = std::move(work)]() mutable { work(*this); });
    }

    // -- watcher thread
    void run();
    /// Out of memory must not end the watch.
    template <class Work>
    void attempt(Work&& work) noexcept;
    void set_up();
    void wind_down();
    /// Waits for work, for D-Bus, and until the next round is due.
    void wait();
    /// Makes the D-Bus connection if it is wanted, and again if the program has closed it.
    void keep_bus();
    void lose_bus(const char* why);
    void tick();
    void try_ready();
    void explain_delay(model::time_point now, const std::string& what);
    void end_reload();
    /// @param error empty: it went well
    void finish_reload(std::uint64_t number, const std::string& error);
    /// Says so if the service manager would act before the configured lag is reached.
    void check_watchdog();
    /// Says so if the service manager waits longer for a debugger, or as long as before again.
    void announce_wait(model::time_point now);
    void sync_bus();
    void signal_changes();

    /// Names are checked on the caller's thread, which must know of a clash at once.
    struct names {
        std::mutex mutex;
        std::map<std::uint64_t, std::string> loops, probes;
        std::uint64_t last_id = 0;

        std::uint64_t take(std::map<std::uint64_t, std::string>& from, std::string name);
    };
    struct registration {
        std::shared_ptr<measure::loop_state> loop;
        std::shared_ptr<measure::lag_gauge> gauge;
    };

    const std::uint32_t forks_ = base::forks();
    std::atomic<bool> left_behind_reported_{false};
    std::shared_ptr<monitor_impl> kept_; ///< itself, by keep_for_good()
    monitor_impl* kept_before_ = nullptr;

    monitor_options options_;
    names names_;
    std::mutex registrations_mutex_;
    std::map<std::uint64_t, registration> registrations_;

    report::reporter reporter_;
    std::unique_ptr<model::notifier> notifier_;
    work_queue queue_;
    std::thread thread_;

    // -- watcher thread
    base::thread_bound on_watcher_;
    watch::clock_reader clocks_;
    proc::debugger_look debugger_;
    watch::thread_investigator investigator_;
    watch::watcher watcher_;
    model::time_point wake_{}; ///< of the next round
    std::unique_ptr<event_loop> bus_;
    /// An attempt to make one that is wanted and not there; none before set_up().
    model::time_point bus_due_ = model::time_point::max();
    bool bus_lost_ = false;           ///< and reported as lost by this object
    model::time_point problem_due_{}; ///< the next exception is logged from then on
    std::optional<model::time_point> bus_patience_end_; ///< READY=1 does not wait for it any more
    bool patience_reported_ = false;   ///< that the service manager waits for a debugger
    model::time_point patience_due_{}; ///< the next such note is logged from then on
    bool injection_;
    watch::start_up start_up_;
    bool bus_settled_ = false;
    bool reloading_ = false;
    bool stopped_ = false; ///< there are no more rounds
    std::vector<std::string> config_files_;
    std::map<std::uint64_t, std::function<void(std::string error)>> reloads_; ///< not answered yet
    std::uint64_t last_reload_ = 0;
    std::size_t overloaded_ = 0; ///< what this monitor has added to the process-wide count
};

} // namespace loopmon::detail
