// SPDX-License-Identifier: MIT
//
// The lag of one loop: written by its sampler, read by the watcher, configured by the watcher. All
// of it is plain loads and stores of atomics, but for the one exchange with which the watcher takes
// the maximum.
#pragma once

#include "measure/histogram.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace loopmon::measure {

/// A completed sample: the deadline that was set, and how late it was met.
struct sample {
    std::chrono::steady_clock::time_point deadline{};
    nanoseconds lag{};
};

/// One writer at a time for each of the groups below, readers on any thread, all wait-free.
class lag_gauge {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// @pre interval > 0
    explicit lag_gauge(nanoseconds interval) noexcept;

    // -- written by the watcher
    /// Taken over when the sampler sets its next deadline.
    /// @pre interval > 0
    void set_interval(nanoseconds interval) noexcept;
    [[nodiscard]] nanoseconds interval() const noexcept;
    /// The sampler ends at its next turn.
    void stop() noexcept;
    [[nodiscard]] bool stopped() const noexcept;
    /// The sample of this deadline will not count: it is overdue because the context does not run,
    /// and not because it is late.
    void exclude(time_point deadline) noexcept;

    // -- written by the sampler
    /// A deadline is set and not met yet.
    void set_deadline(time_point deadline) noexcept;
    /// The sampler ended.
    void clear_deadline() noexcept;
    /// It is the present thread that runs the sampler. No system call but for the first of a
    /// thread.
    void set_thread() noexcept;
    /// A deadline was met `done.lag` late. Further deadlines, one `interval` apart, passed
    /// meanwhile, and each counts as a sample of its own while its lag is more than zero (the
    /// correction for coordinated omission of G. Tene's jHiccup). That lag is what was left of this
    /// one, and as much of the next sample's as passed of this one: a deadline that passes at the
    /// fraction u of it waits (1 - u)·d + u·d', see turn_lag.hpp. A loop that is busy all the time
    /// serves them in a row, and d' says so; so these samples count with the next call.
    /// @pre done.lag >= 0, interval > 0
    void complete(const sample& done, nanoseconds interval) noexcept;

    // -- read by the watcher
    /// The deadline that is set; none before the sampler starts and after it was stopped. That of a
    /// context that is gone stays as it was.
    [[nodiscard]] std::optional<time_point> deadline() const noexcept;
    /// The last completed sample, consistent; zero before the first. Never waits for the sampler:
    /// looks again only if a sample was completed while it looked.
    [[nodiscard]] sample last() const noexcept;
    /// Samples so far, those of missed deadlines included.
    [[nodiscard]] std::uint64_t samples() const noexcept;
    /// Largest lag since the previous call, zero if there was no sample. For one caller, the
    /// watcher.
    [[nodiscard]] nanoseconds take_max() noexcept;
    [[nodiscard]] const histogram& lags() const noexcept { return lags_; }
    /// Id of the thread that ran the sampler last; zero before its start.
    [[nodiscard]] pid_t thread() const noexcept;

private:
    void record(nanoseconds lag, std::uint64_t times) noexcept;
    void record_missed(nanoseconds next_lag) noexcept;

    std::atomic<std::int64_t> interval_ns_;
    std::atomic<std::int64_t> excluded_ns_;
    std::atomic<bool> stopped_{false};
    /// What the sampler writes is on cache lines of its own. 64: that of x86-64 and most of arm64.
    alignas(64) std::atomic<std::int64_t> deadline_ns_;
    struct stored_sample {
        std::atomic<std::int64_t> deadline_ns{0};
        std::atomic<std::int64_t> lag_ns{0};
    };
    std::array<stored_sample, 2> last_; ///< the next sample goes where the last one is not
    std::atomic<std::uint32_t> sequence_{
        0}; ///< completed samples; its parity says where the last is
    std::atomic<std::int64_t> max_ns_{0};
    std::atomic<std::uint64_t> samples_{0};
    std::atomic<pid_t> thread_{0};
    /// The last sample if deadlines passed in it, which are to be recorded.
    nanoseconds missed_in_{};
    nanoseconds missed_every_{};
    histogram lags_;
};

} // namespace loopmon::measure
